import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { siteWith } from '../../realtime/configure/site.fixture.ts';
import { defineChannel } from '../../realtime/define/api/define-channel.ts';
import { channels, socket } from './server-module.ts';
import { anything, join, lobby, open, rooms, site } from './testing.fixture.ts';
import { TestClock, testRealtime } from './testing.ts';

/** Longer than presence is gathered. */
const GATHERED = 300;

function message(pattern: RegExp): (error: unknown) => true {
	return (error) => {
		assert.match(String((error as Error).message), pattern);
		return true;
	};
}

describe('The channels of a site in tests', () => {
	it('take messages, and bring their events to everyone who joined', async (context) => {
		const realtime = await site(context);
		const ada = await join(realtime.as('ada'));
		const eve = await join(realtime.as({ id: 'eve' }));
		assert.equal(await ada.send('say', 'hi'), 'done');
		for (const room of [ada, eve]) {
			assert.deepEqual(await room.next('said'), { by: 'ada', text: 'hi' });
			assert.equal(room.received.length, 1);
		}
	});

	it('refuse as the server does', async (context) => {
		const realtime = await site(context);
		await assert.rejects(join(realtime.as('mallory')), { code: 'NOT_FOUND' });
		await assert.rejects(join(realtime.visit()), { code: 'NOT_FOUND' });
	});

	it('ask authenticate about visitors, with what their browser sends', async (context) => {
		const authenticate = ({ request, cookies, locals, session }: never): unknown => {
			const { headers } = request as Request;
			const cookie = (cookies as Map<string, { readonly value: string }>).get('user')?.value;
			if (headers.get('x-refused')) return new Response('Not you.', { status: 403 });
			const id = cookie ?? headers.get('authorization') ?? (locals as { user?: string }).user;
			return { id: id ?? (session as { user: string }).user, cookie: headers.get('cookie') };
		};
		const realtime = await site(context, { files: { _middleware: { authenticate } } });
		const speaker = async (options: Parameters<typeof realtime.visit>[0]): Promise<unknown> => {
			const room = await join(realtime.visit(options));
			await room.send('say', '');
			return Reflect.get(Object(await room.next('said')), 'by');
		};
		assert.equal(await speaker({ cookies: { user: 'grüße' } }), 'grüße');
		assert.equal(await speaker({ auth: 'token' }), 'Bearer token');
		assert.equal(await speaker({ locals: { user: 'ada' } }), 'ada');
		assert.equal(await speaker({ context: { session: { user: 'eve' } } }), 'eve');
		await assert.rejects(join(realtime.visit({ headers: { 'x-refused': '1' } })), {
			name: 'HandshakeRefused',
			status: 403,
		});
	});

	it('read cookies as Astro does, also those of a header', async (context) => {
		interface AstroCookies {
			get(name: string): { value: string; number(): number; boolean(): boolean } | undefined;
			has(name: string): boolean;
			set(name: string, value: unknown): void;
			delete(name: string): void;
		}
		const authenticate = ({ cookies }: { readonly cookies: AstroCookies }): unknown => {
			const { value: id } = cookies.get('user') ?? assert.fail();
			const read = (name: string): unknown => {
				const cookie = cookies.get(name);
				return cookie && [cookie.value, cookie.number(), cookie.boolean()];
			};
			const sent = ['a', 'b', 'c', 'd'].map(read);
			const has = ['b', 'd'].map((name) => cookies.has(name));
			cookies.set('a', { new: 1 });
			cookies.delete('user');
			return { id, sent, has, set: cookies.get('a')?.value, gone: cookies.has('user') };
		};
		const read = defineChannel({
			authorize: 'users',
			messages: { ask: { handler: (_: unknown, { user }: { user: unknown }) => user } },
		} as never);
		const realtime = await site(context, { files: { read, _middleware: { authenticate } } });
		const cookie = 'user=gr%C3%BC%C3%9Fe; a=1;b=; c=100%; a=2; x';
		const room = await open(realtime.visit({ headers: { cookie } }), 'read').join();
		assert.deepEqual(await room.send('ask'), {
			id: 'grüße',
			// An array in JSON has no undefined, and no NaN.
			sent: [['1', 1, true], null, ['100%', null, true], null],
			has: [true, false],
			set: '{"new":1}',
			gone: false,
		});
	});

	it('get the headers of a handshake where the Request is that of a DOM', async (context) => {
		const Whole = globalThis.Request;
		globalThis.Request = class extends Whole {
			constructor(...given: ConstructorParameters<typeof Whole>) {
				super(...given);
				for (const name of ['cookie', 'sec-websocket-protocol']) this.headers.delete(name);
			}
		};
		context.after(() => {
			globalThis.Request = Whole;
		});
		const authenticate = ({ request }: { readonly request: Request }): unknown => ({
			id: request.headers.get('cookie'),
		});
		const realtime = await site(context, { files: { _middleware: { authenticate } } });
		const room = await join(realtime.visit({ cookies: { user: 'ada' } }));
		await room.send('say', 'hi');
		assert.deepEqual(await room.next('said'), { by: 'user=ada', text: 'hi' });
	});

	it('are reached by the code of the site, inside of handlers and outside', async (context) => {
		const seen: unknown[] = [];
		const inbox = async ({ data }: { readonly data: unknown }): Promise<void> => {
			seen.push(await socket.isOnline('ada'));
			await socket.to('ada').send(data);
		};
		const realtime = await site(context, { files: { inbox: { default: inbox } } });
		const ada = realtime.as('ada');
		await ada.listen();
		const eve = await open(realtime.as('eve'), 'inbox').join();
		await eve.send('message', 'knock');
		assert.equal(await ada.nextMessage(), 'knock');
		assert.deepEqual(seen, [true]);

		const room = await join(ada);
		await lobby(channels).publish('said', 1);
		assert.equal(await room.next('said'), 1);
	});

	it('of several sites are not mixed up', async (context) => {
		const [one, other] = [await site(context), await site(context)];
		const [here, there] = [await join(one.as('ada')), await join(other.as('ada'))];
		await here.send('say', 'hi');
		await here.next('said');
		await one.settled();
		assert.deepEqual(there.received, []);
		assert.throws(() => lobby(channels), /There are 2 sites/);
	});

	it('of several sites are those of the site whose hook is called', async (context) => {
		const seen: unknown[] = [];
		const reports: unknown[] = [];
		const onMessageSent = async ({ data }: { readonly data: unknown }): Promise<void> => {
			const { messages } = await lobby(channels).history();
			seen.push([data, messages.length]);
		};
		const options = {
			files: { _middleware: { onMessageSent } },
			report: (text: string, error: unknown) => reports.push([text, error]),
		};
		const [one, other] = [await site(context, options), await site(context, options)];
		await lobby(one.channels as never).publish('said', 'here');
		await lobby(other.channels as never).publish('said', 'there');
		await lobby(other.channels as never).publish('said', 'again');
		await one.settled();
		assert.deepEqual(
			[seen, reports],
			[
				[
					['here', 1],
					['there', 1],
					['again', 2],
				],
				[],
			],
		);
	});

	it('cannot be used before there are any', () => {
		assert.throws(() => lobby(channels), /call `testRealtime\(\)` first/);
	});

	it('are found in the folder of a site, with what they import', async (context) => {
		const folders = siteWith(context, {
			'news.js': `import { defineChannel } from 'zastro:realtime';
				import { title } from './_title.js';
				export default defineChannel({
					authorize: 'anyone',
					messages: { ask: { handler: () => title } },
				});`,
			'_title.js': "export const title = 'ready';",
		});
		for (const root of [folders.path, folders.root, folders.root.href]) {
			const realtime = await testRealtime({ root });
			context.after(() => realtime.close());
			const room = await open(realtime.visit(), 'news').join();
			assert.equal(await room.send('ask'), 'ready');
		}
	});

	it('are found in a folder of sources of any name', async (context) => {
		const folders = siteWith(context, []);
		const news = `import { defineChannel } from 'zastro:realtime';
			export default defineChannel({ authorize: 'anyone' });`;
		const names = ['100% #1', 'app/src', 'absolute'];
		folders.write(Object.fromEntries(names.map((name) => [`${name}/realtime/news.js`, news])));
		for (const srcDir of ['100% #1', './app/src/', resolve(folders.path, 'absolute')]) {
			const realtime = await testRealtime({ root: folders.path, srcDir });
			context.after(() => realtime.close());
			await open(realtime.visit(), 'news').join();
		}
	});

	it('have the problems of a build', async (context) => {
		const { path } = siteWith(context, { '[...rest].ts': '' });
		await assert.rejects(testRealtime({ root: path }), message(/rest parameter `\[\.\.\.rest\]`/));
		const { path: empty } = siteWith(context, []);
		await assert.rejects(testRealtime({ root: empty }), message(/^There are no channels in /));
		await assert.rejects(
			testRealtime({ files: { rooms: 7 } }),
			message(/src\/realtime\/rooms\.ts/),
		);
	});

	it('report the errors of handlers, and name them where a test waits in vain', async (context) => {
		const reports: unknown[] = [];
		const realtime = await site(context, { report: (text, error) => reports.push([text, error]) });
		const room = await join(realtime.as('ada'));
		await assert.rejects(room.send('say', 'fail'), { code: 'INTERNAL_SERVER_ERROR' });
		assert.match(String(reports[0]), /Message `say` to channel `rooms` .*The database is down/);
		await assert.rejects(
			room.next('said', { timeout: 1 }),
			message(
				/^No `said` came within 1 ms in rooms \{"room":"lobby"\}\. The client saw:\n.*→ send say "fail"\n.*server: .*The database is down.*← error \{"code":"INTERNAL_SERVER_ERROR"/s,
			),
		);
	});

	it('keep the presence of a page that goes, for as long as the server does', async (context) => {
		const clock = new TestClock();
		const realtime = await site(context, { clock });
		const client = realtime.as('ada');
		await join(client, { presence: 'here' });
		const eve = await join(realtime.as('eve'));
		client.closePage();
		await clock.advance(4_900);
		assert.equal(eve.presence.value.length, 1);
		await clock.advance(100 + GATHERED);
		assert.deepEqual(eve.presence.value, []);
	});

	it('bring each message to a user once, however often the client listens', async (context) => {
		const realtime = await site(context);
		const ada = realtime.as('ada');
		await ada.listen();
		await ada.listen();
		await realtime.socket.to('ada').send('one');
		await realtime.socket.to('ada').send('two');
		assert.deepEqual([await ada.nextMessage(), await ada.nextMessage()], ['one', 'two']);
	});

	it('say which events there are', async (context) => {
		const room = await join((await site(context)).as('ada'));
		await assert.rejects(
			room.next('sad'),
			message(/no event `sad`\. Its events: `said`, `moved`\./),
		);
	});

	it('show the value of a store that a test waits for in vain', async (context) => {
		const realtime = await site(context);
		const room = await join(realtime.as('ada'));
		await assert.rejects(
			realtime.until(room.presence, ({ length }) => length > 7, { timeout: 1 }),
			message(/after 1 ms\. Its value:\n {2}\[\]\n.*ada: ← joined/s),
		);
		const failing = (): boolean => assert.fail('of the test');
		await assert.rejects(realtime.until(room.presence, failing), message(/^of the test$/));
	});
});

describe('Faults in tests', () => {
	it('a dropped client continues without a gap', async (context) => {
		const realtime = await site(context);
		const client = realtime.as('ada');
		const ada = await join(client);
		const eve = await join(realtime.as('eve'));
		client.drop();
		assert.equal(ada.status.value.state, 'waiting');
		await eve.send('say', 'missed');
		assert.deepEqual(await ada.next('said'), { by: 'eve', text: 'missed' });
		assert.ok(client.log.some((line) => line.endsWith('dropped')));
	});

	it('all messages that waited for a connection are handled, in order', async (context) => {
		const realtime = await site(context);
		const ada = realtime.as('ada');
		const room = await join(ada);
		const eve = await join(realtime.as('eve'));
		ada.drop();
		const texts = Array.from({ length: 100 }, (_, index) => `message ${index}`);
		await Promise.all(texts.map((text) => room.send('say', text)));
		for (const text of texts) assert.deepEqual(await eve.next('said'), { by: 'ada', text });
	});

	it('all messages that were handled are answered, also after their answers were lost', async (context) => {
		const count = 40;
		const handled: unknown[] = [];
		const counts = defineChannel({
			authorize: 'users',
			messages: {
				count: {
					input: anything,
					handler(number: unknown) {
						handled.push(number);
						if (handled.length === count) ada.drop();
						return number;
					},
				},
			},
		} as never);
		const realtime = await site(context, { files: { counts } });
		const ada = realtime.as('ada');
		const room = await open(ada, 'counts').join();
		const numbers = Array.from({ length: count }, (_, index) => index);
		assert.deepEqual(
			await Promise.all(numbers.map((number) => room.send('count', number))),
			numbers,
		);
		assert.deepEqual(handled, numbers);
	});

	it('a cut line holds everything back until it heals', async (context) => {
		const realtime = await site(context);
		const client = realtime.as('ada');
		const ada = await join(client);
		const eve = await join(realtime.as('eve'));
		client.partition();
		const sending = ada.send('say', 'late');
		await eve.send('say', 'first');
		await realtime.settled();
		assert.deepEqual([ada.received, ada.status.value.state], [[], 'open']);
		client.heal();
		assert.equal(await sending, 'done');
		assert.deepEqual(
			[await ada.next('said'), await ada.next('said')],
			[
				{ by: 'eve', text: 'first' },
				{ by: 'ada', text: 'late' },
			],
		);
	});

	it('both ends of a line that stays cut find out, and the client continues later', async (context) => {
		const clock = new TestClock();
		const realtime = await site(context, { clock });
		const client = realtime.as('ada');
		const ada = await join(client, { presence: 'here' });
		const eve = await join(realtime.as('eve'));
		await clock.advance(GATHERED);
		assert.equal(eve.presence.value.length, 1);
		client.partition();
		// The client pings after 25 s, and waits 5 s for the answer.
		await clock.advance(30_000);
		assert.notEqual(ada.status.value.state, 'open');
		assert.equal(eve.presence.value.length, 1);
		// The server sees it after 40 s, and keeps the member for 15 s.
		await clock.advance(25_000 + GATHERED);
		assert.deepEqual(eve.presence.value, []);
		await eve.send('say', 'missed');
		client.heal();
		await clock.advance(20_000);
		assert.deepEqual(await ada.next('said'), { by: 'eve', text: 'missed' });
	});

	it('a killed server has lost its messages, and tells so', async (context) => {
		const realtime = await site(context);
		const room = await join(realtime.as('ada'));
		await room.send('say', 'before');
		await room.next('said');
		await realtime.kill();
		assert.equal((await room.nextGap()).reason, 'restarted');
		assert.equal(await room.send('say', 'after'), 'done');
		assert.deepEqual(await room.next('said'), { by: 'ada', text: 'after' });
	});

	it('a client that was about to connect to a killed server joins the next one', async (context) => {
		let answer = (): void => {};
		let asked = (): void => {};
		const isAsked = new Promise<void>((resolve) => {
			asked = resolve;
		});
		const authenticate = async (): Promise<unknown> => {
			asked();
			await new Promise<void>((resolve) => {
				answer = resolve;
			});
			return { id: 'ada' };
		};
		const realtime = await site(context, { files: { _middleware: { authenticate } } });
		const joining = join(realtime.visit());
		await isAsked;
		const again = new Promise<void>((resolve) => {
			asked = resolve;
		});
		await realtime.kill();
		answer();
		await again;
		answer();
		assert.equal(await (await joining).send('say', 'hi'), 'done');
	});

	it('of a message in a killed server the sender learns that nobody knows', async (context) => {
		let started = (): void => {};
		const starts = new Promise<void>((resolve) => {
			started = resolve;
		});
		const handler = async (): Promise<void> => {
			started();
			await new Promise(() => {});
		};
		const realtime = await site(context, { files: { slow: handler } });
		const room = await open(realtime.as('ada'), 'slow').join();
		const sending = room.send('message', 1);
		await starts;
		await realtime.kill();
		await assert.rejects(sending, { code: 'UNCERTAIN' });
	});

	it('of a killed server no handler reaches the next one', async (context) => {
		const started = Promise.withResolvers<void>();
		const going = Promise.withResolvers<void>();
		const sent: unknown[] = [];
		const handler = async (): Promise<void> => {
			started.resolve();
			await going.promise;
			await lobby(channels).publish('said', 'from the dead');
			await socket.to('eve').send('from the dead');
			sent.push('all');
		};
		const realtime = await site(context, { files: { slow: handler } });
		const eve = realtime.as('eve');
		const room = await join(eve);
		await eve.listen();
		const sending = open(realtime.as('ada'), 'slow').join();
		const uncertain = assert.rejects((await sending).send('message', 1), { code: 'UNCERTAIN' });
		await started.promise;
		await realtime.kill();
		await uncertain;
		await realtime.until(room.status, ({ state }) => state === 'open');
		going.resolve();
		await realtime.settled();
		assert.deepEqual([sent, room.received], [['all'], []]);
		await assert.rejects(eve.nextMessage({ timeout: 1 }));
	});

	it('a handshake that a cut line holds reaches the server that is there when it heals', async (context) => {
		const clock = new TestClock();
		const realtime = await site(context, { clock });
		const client = realtime.as('ada');
		const room = await join(client);
		client.partition();
		client.drop();
		await clock.advance(1000);
		assert.equal(room.status.value.state, 'connecting');
		await realtime.kill();
		client.heal();
		assert.equal(await room.send('say', 'hi'), 'done');
	});

	it('a trimmed channel tells the gap to who was away', async (context) => {
		const realtime = await site(context);
		const client = realtime.as('ada');
		const ada = await join(client);
		const eve = await join(realtime.as('eve'));
		client.drop();
		await eve.send('say', 'lost');
		await realtime.trim('rooms', { room: 'lobby' });
		assert.equal((await ada.nextGap()).reason, 'trimmed');
		await eve.send('say', 'kept');
		assert.deepEqual(await ada.next('said'), { by: 'eve', text: 'kept' });
		const late = await join(realtime.as('eve'), { since: { last: 10 } });
		assert.deepEqual(await late.next('said'), { by: 'eve', text: 'kept' });
		await assert.rejects(realtime.trim('room'), message(/^There is no channel room \{\}\.$/));
	});

	it('a trim leaves a snapshot, and what comes after', async (context) => {
		const realtime = await site(context);
		const room = lobby(realtime.channels as never);
		await room.snapshot('said', 'all', String(await room.publish('said', 1)));
		for (const number of [2, 3, 4]) await room.publish('said', number);
		await realtime.trim('rooms', { room: 'lobby' });
		await room.publish('said', 5);
		for (const last of [1, 10]) {
			const { messages } = await room.history({ last });
			assert.deepEqual(
				messages.map(({ data }) => data),
				['all', 5],
			);
		}
	});

	it('time is what the clock of the test says', async (context) => {
		const clock = new TestClock(1_800_000_000_000);
		const realtime = await site(context, { clock });
		const room = await join(realtime.as('ada'));
		await room.send('say', 'hi');
		assert.equal(room.received[0]?.at, 1_800_000_000_000);
		const past = async (): Promise<number> =>
			(await lobby(realtime.channels as typeof channels).history()).messages.length;
		assert.equal(await past(), 1);
		await clock.advance(60_000);
		assert.equal(await past(), 0);
	});

	it('time is what the timers of the test runner say, if they are replaced', async (context) => {
		context.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_800_000_000_000 });
		const realtime = await site(context);
		const room = await join(realtime.as('ada'), { presence: 'here' });
		assert.equal(room.presence.value.length, 0);
		context.mock.timers.tick(GATHERED);
		await realtime.settled();
		assert.equal(room.presence.value[0]?.since, 1_800_000_000_000);
	});

	it('messages arrive also where the test runner has replaced queueMicrotask', async (context) => {
		context.mock.method(globalThis, 'queueMicrotask', () => {});
		const realtime = await site(context);
		const room = await join(realtime.as('ada'));
		assert.equal(await room.send('say', 'hi'), 'done');
	});

	it('say that a Node server neither hibernates nor is evicted', async (context) => {
		const realtime = await site(context);
		await assert.rejects(realtime.hibernate(), message(/needs Durable Objects/));
		await assert.rejects(realtime.evict(), message(/needs Durable Objects/));
	});

	it('of a closed site nothing is left', async () => {
		const realtime = await testRealtime({ files: { 'rooms/[room]': rooms } });
		const room = await join(realtime.as('ada'));
		await realtime.close();
		assert.equal(room.status.value.state, 'closed');
		assert.throws(() => lobby(channels), /call `testRealtime\(\)` first/);
	});
});
