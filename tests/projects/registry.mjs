// A registry on loopback. It offers the packages published to it, and everything else from npm's
// configured registry up to a given moment.
//
// Its clock stands on the day before the given one. The projects of the tests install nothing
// younger than the pins, and a package published now would be too young.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [modules, folder, uplink, day, until] = process.argv.slice(2);

const Today = Date;
const behind = Today.now() - Today.parse(day) + 24 * 60 * 60 * 1000;
globalThis.Date = class extends Today {
	constructor(...parts) {
		if (parts.length === 0) super(Today.now() - behind);
		else super(...parts);
	}
	static now() {
		return Today.now() - behind;
	}
};

const { runServer } = createRequire(join(modules, 'registry.cjs'))('verdaccio');
const server = await runServer({
	self_path: folder,
	configPath: join(folder, 'config.yaml'),
	storage: join(folder, 'storage'),
	auth: { htpasswd: { file: join(folder, 'users'), algorithm: 'bcrypt', rounds: 4 } },
	uplinks: { npm: { url: uplink, maxage: '1h', timeout: '60s' } },
	packages: {
		'zastro-websockets-*': { access: '$all', publish: '$authenticated' },
		'**': { access: '$all', proxy: 'npm' },
	},
	filters: { '@verdaccio/package-filter': { dateThreshold: until } },
	web: { enable: false },
	max_body_size: '50mb',
	log: { type: 'stdout', format: 'json', level: 'warn' },
});
server.listen(0, '127.0.0.1', function () {
	console.log('listening', this.address().port);
});
