const messages = document.querySelector('#messages');
const { room, name } = messages.dataset;
const socket = new WebSocket(
	`ws://${location.host}/rooms/${room}?name=${encodeURIComponent(name)}`,
);

socket.onmessage = ({ data }) => {
	const item = document.createElement('li');
	item.textContent = data;
	messages.append(item);
	// The room cannot see what the page shows, so the page says it.
	if (data.endsWith('show me'))
		socket.send([...messages.children].map((it) => it.textContent).join('|'));
};
document.querySelector('#say').onsubmit = (event) => {
	event.preventDefault();
	socket.send(event.target.text.value);
	event.target.reset();
};
