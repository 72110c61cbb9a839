// A visitor of the chat. Sends the messages from the URL and reports the page's contents to the
// journal.
const { searchParams } = new URL(location.href);
const frame = document.querySelector('iframe');
const loaded = new Promise((resolve) => {
	frame.onload = resolve;
});
frame.src = `/chat?room=${searchParams.get('room')}&name=${searchParams.get('name')}`;
await loaded;
const page = frame.contentDocument;

/** Resolves with the page's messages once there are `count`. */
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
