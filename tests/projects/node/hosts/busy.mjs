// A standalone server whose site keeps the process alive, and may listen for signals itself.
if (process.env.LISTENS === 'yes') {
	process.on('SIGTERM', () => console.log('the site has heard of it'));
}
setInterval(() => {}, 1000);
await import('../dist/server/entry.mjs');
