// A visitor of the chat, who says what the address says and tells the journal what the page shows.
const { searchParams } = new URL(location.href);
const frame = document.querySelector('iframe');
const loaded = new Promise((resolve) => {
	frame.onload = resolve;
});
frame.src = `/chat?room=${searchParams.get('room')}&name=${searchParams.get('name')}`;
await loaded;
const page = frame.contentDocument;

/** The messages that the page shows, once there are so many. */
function shown(count) {
	return new Promise((resolve) => {
		const look = () => {
			const messages = [...page.querySelectorAll('li')].map((item) => item.textContent);
			if (messages.length >= count) resolve(messages);
		};
		new MutationObserver(look).observe(page.querySelector('#messages'), { childList: true });
		look();
	});
}

await shown(1);
page.querySelector('input').value = searchParams.get('say');
page.querySelector('button').click();
await fetch(`/journal/${searchParams.get('journal')}`, {
	method: 'POST',
	headers: { 'content-type': 'application/json' },
	body: JSON.stringify(await shown(Number(searchParams.get('until')))),
});
