// A client independent of the tests: Node's own WebSocket. It prints the echo.
const socket = new WebSocket(process.argv[2]);
socket.onopen = () => socket.send(process.argv[3]);
socket.onmessage = ({ data }) => {
	console.log(data);
	socket.close(1000);
};
socket.onerror = ({ message }) => {
	console.error(message);
	process.exitCode = 1;
};
setTimeout(() => {
	console.error('nothing came back');
	process.exit(1);
}, 10_000).unref();
