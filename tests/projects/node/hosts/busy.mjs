// A standalone server whose site keeps the process, and listens for signals itself.
process.on('SIGTERM', () => console.log('the site has heard of it'));
setInterval(() => {}, 1000);
await import('../dist/server/entry.mjs');
