/** @jsxImportSource solid-js */
import { useStore } from '@nanostores/solid';
import { join, listed } from '../../room';

export default function Members() {
	// Not before: it begins as the server rendered it, for as long as this function runs.
	const room = join();
	const members = useStore(room.presence);
	const status = useStore(room.status);
	return (
		<p id="solid">
			{status().state}: {listed(members())}
		</p>
	);
}
