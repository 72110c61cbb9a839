import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOffer, withToken } from './offer.ts';

test('answers with the own version if it is among those offered', () => {
	const { protocol } = readOffer('zastro-realtime.v2, zastro-realtime.v1');
	assert.equal(protocol, 'zastro-realtime.v1');
	assert.equal(readOffer('zastro-realtime.v2, other').protocol, 'zastro-realtime.v2');
	assert.equal(readOffer('other').protocol, undefined);
	assert.equal(readOffer(null).protocol, undefined);
});

test('reads a token, and tells a malformed one', () => {
	const encoded = Buffer.from('a.token/+=').toString('base64url');
	assert.equal(readOffer(`zastro-realtime.v1, zastro-auth.${encoded}`).token, 'a.token/+=');
	assert.equal(readOffer('zastro-realtime.v1').token, undefined);
	for (const malformed of ['', '!', Buffer.from('a\r\nb').toString('base64url')]) {
		assert.equal(readOffer(`zastro-realtime.v1, zastro-auth.${malformed}`).token, null);
	}
});

test('shows the token as the authorization of the request', () => {
	class Context {
		readonly #secret = 'secret';
		readonly url = new URL('http://localhost/');
		readonly request: Request;

		constructor(headers: Record<string, string>) {
			this.request = new Request(this.url, { headers });
		}

		reveal(): string {
			return this.#secret;
		}
	}
	const context = withToken(new Context({ cookie: 'a=b' }), 'abc');
	assert.equal(context.request.headers.get('authorization'), 'Bearer abc');
	assert.equal(context.request.headers.get('cookie'), 'a=b');
	assert.equal(context.reveal(), 'secret');
	const own = withToken(new Context({ authorization: 'Basic xyz' }), 'abc');
	assert.equal(own.request.headers.get('authorization'), 'Basic xyz');
});
