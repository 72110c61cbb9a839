import { useStore } from '@nanostores/react';
import { join, listed } from '../../room';

const room = join();

export default function Members() {
	const members = useStore(room.presence, { ssr: 'initial' });
	const { state } = useStore(room.status, { ssr: 'initial' });
	return (
		<p id="react">
			{state}: {listed(members)}
		</p>
	);
}
