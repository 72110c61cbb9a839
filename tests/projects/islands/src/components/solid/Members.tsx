/** @jsxImportSource solid-js */
import { useStore } from '@nanostores/solid';
import { join, listed } from '../../room';

const room = join();

export default function Members() {
	const members = useStore(room.presence);
	const status = useStore(room.status);
	return (
		<p id="solid">
			{status().state}: {listed(members())}
		</p>
	);
}
