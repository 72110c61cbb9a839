import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AllowedDomain } from './allowed-domains.ts';
import { forwardedOrigin } from './forwarded.ts';

const SHOP: AllowedDomain = { hostname: 'shop.example.com', protocol: 'https' };

const cases: [
	domains: AllowedDomain[],
	[proto?: string, host?: string, port?: string],
	origin: string,
][] = [
	[[SHOP], ['https', 'shop.example.com'], 'https://shop.example.com'],
	[[SHOP], ['https, http', 'shop.example.com, inner'], 'https://shop.example.com'],
	[[SHOP], ['https', 'other.example.com'], 'https://127.0.0.1:3000'],
	[[SHOP], ['http', 'shop.example.com'], 'http://shop.example.com'],
	[[SHOP], [undefined, 'shop.example.com'], 'http://shop.example.com'],
	[[SHOP], [], 'http://127.0.0.1:3000'],
	[[], ['https', 'shop.example.com'], 'http://127.0.0.1:3000'],
	[
		[{ hostname: 'shop.example.com' }],
		['javascript', 'shop.example.com'],
		'http://shop.example.com',
	],
	[[{ hostname: '*.example.com' }], ['https', 'a.example.com:8443'], 'https://a.example.com:8443'],
	[
		[SHOP, { port: '8443' }],
		['https', 'shop.example.com', '8443'],
		'https://shop.example.com:8443',
	],
	[[SHOP], ['https', 'shop.example.com', '8443'], 'https://shop.example.com'],
	[[SHOP], ['https', 'shop.example.com/path'], 'https://127.0.0.1:3000'],
	[[SHOP], ['https', 'shop.example.com:1:2'], 'https://127.0.0.1:3000'],
];

for (const [domains, [proto, host, port], origin] of cases) {
	test(`${JSON.stringify(domains)} turns ${proto} ${host} ${port} into ${origin}`, () => {
		const headers: Record<string, string | undefined> = {
			'x-forwarded-proto': proto,
			'x-forwarded-host': host,
			'x-forwarded-port': port,
		};
		const found = forwardedOrigin('http://127.0.0.1:3000', (name) => headers[name], domains);
		assert.equal(found, origin);
	});
}
