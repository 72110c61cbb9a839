import { useStore as useReactStore } from '@nanostores/react';
import { useStore as useSolidStore } from '@nanostores/solid';
import { useStore as useVueStore } from '@nanostores/vue';
import { computed } from 'nanostores';
import { get, type Readable } from 'svelte/store';
import { join } from './room';

/** The types of the bindings take the stores, and give what is in them. */
export function useBindings(): readonly unknown[] {
	const { presence, status } = join();
	const members: readonly { readonly data: { readonly mood: string } }[] = useReactStore(presence);
	const id: string | undefined = useSolidStore(presence)()[0]?.user.id;
	const state: 'connecting' | 'open' | 'waiting' | 'refused' | 'closed' =
		useVueStore(status).value.state;
	const mood: string | undefined = computed(presence, ([member]) => member?.data.mood).get();
	const count: number = get(presence.count);
	const readable: Readable<{ readonly retryAt?: number }> = status;
	// @ts-expect-error: a state is no number.
	const wrong: number = useReactStore(status).state;
	return [members, id, state, mood, count, readable, wrong];
}
