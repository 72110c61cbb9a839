const { searchParams } = new URL(location.href);
const room = searchParams.get('room') ?? 'lobby';
const name = searchParams.get('name') ?? 'somebody';

const messages = document.querySelector('#messages');
const socket = new WebSocket(
	`ws://${location.host}/rooms/${room}?name=${encodeURIComponent(name)}`,
);
socket.onmessage = ({ data }) => {
	const item = document.createElement('li');
	item.textContent = data;
	messages.append(item);
};
document.querySelector('#say').onsubmit = (event) => {
	event.preventDefault();
	socket.send(event.target.text.value);
	event.target.reset();
};
