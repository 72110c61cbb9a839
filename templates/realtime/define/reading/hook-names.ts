/** The hooks on messages. */
export const HOOK_NAMES = ['onMessageReceived', 'onMessageSent', 'onError'] as const;
export type HookName = (typeof HOOK_NAMES)[number];

/** The hooks on users, of `src/realtime/_middleware` alone. */
export const USER_HOOK_NAMES = ['authenticate', 'onOnline', 'onOffline'] as const;
