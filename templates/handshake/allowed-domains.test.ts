import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AllowedDomain, isAllowedDomain } from './allowed-domains.ts';

const EXAMPLE = 'https://example.com';

for (const [entry, origin, expected] of [
	[{}, EXAMPLE, true],
	[{ hostname: 'example.com' }, EXAMPLE, true],
	[{ hostname: 'example.com' }, 'https://example.com.evil.example', false],
	[{ hostname: 'example.com', protocol: 'https' }, EXAMPLE, true],
	[{ hostname: 'example.com', protocol: 'http' }, EXAMPLE, false],
	[{ hostname: 'example.com', port: '8080' }, 'https://example.com:8080', true],
	[{ hostname: 'example.com', port: '8080' }, EXAMPLE, false],
	[{ hostname: 'example.com', pathname: '/' }, EXAMPLE, true],
	[{ hostname: 'example.com', pathname: '/api' }, EXAMPLE, false],
	[{ hostname: 'example.com', pathname: '/**' }, EXAMPLE, false],
	[{ hostname: '*.example.com' }, 'https://a.example.com', true],
	[{ hostname: '*.example.com' }, 'https://a.b.example.com', false],
	[{ hostname: '*.example.com' }, EXAMPLE, false],
	[{ hostname: '*.example.com' }, 'https://evilexample.com', false],
	[{ hostname: '**.example.com' }, 'https://a.b.example.com', true],
	[{ hostname: '**.example.com' }, EXAMPLE, false],
	[{ hostname: '**.example.com' }, 'https://evilexample.com', false],
	[{ hostname: '*' }, EXAMPLE, false],
	[{ hostname: '*ample.com' }, EXAMPLE, false],
] as const satisfies readonly (readonly [AllowedDomain, string, boolean])[]) {
	test(`${JSON.stringify(entry)} ${expected ? 'allows' : 'does not allow'} ${origin}`, () => {
		assert.equal(isAllowedDomain(new URL(origin), entry), expected);
	});
}
