/**
 * The types behind `zastro:realtime` and `zastro:realtime/client`. A site's generated declarations
 * fill {@link Register} and name the site's channels.
 */

export type { RealtimeErrorCode } from '../../protocol/errors.ts';
export { RealtimeError } from '../../protocol/errors.ts';
export type { GapReason } from '../../protocol/server-frames.ts';
export type {
	Channel,
	EventType,
	Member,
	ParamsArguments,
	PresenceType,
	ReceivedOf,
} from './channel-types.ts';
export type {
	ClientAddress,
	ClientPlainAddress,
	ClientSocket,
	EventDetails,
	Gap,
	JoinOptions,
	ListenOptions,
	OpenOnClient,
	PlainRoom,
	PresenceStore,
	Room,
	RoomStatus,
	SendOptions,
	Store,
} from './client-types.ts';
export type {
	BinaryOptions,
	BinarySchema,
	ChannelContext,
	ChannelOptions,
	Connection,
	DefineBinary,
	DefineChannel,
	EventDefinition,
	HandlerContext,
	HistoryOptions,
	LogError,
	LogMessage,
	MemberContext,
	MessageDefinition,
	MessageHooks,
	PresenceOptions,
	PresenceUnit,
	RealtimeMessage,
	ShortFormConfig,
} from './file-types.ts';
// With a star: what a list exports could not be augmented.
export type * from './register.ts';
export type { SentMessage } from './runtime.ts';
export type { Schema } from './schema.ts';
export type {
	EphemeralPublishOptions,
	History,
	HistoryRange,
	KeptMessage,
	OpenOnServer,
	PublishOptions,
	ServerChannel,
	ServerPlainChannel,
	ServerSocket,
} from './server-types.ts';
export type { OpenInTest } from './test-types.ts';
export type { Json } from './value-types.ts';
