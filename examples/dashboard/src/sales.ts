import { channels } from 'zastro:realtime';
import { NOTHING, type Sale, type Totals, withSale } from './totals.ts';

/** The sales that become a snapshot. The channel keeps ten times as many. */
const MANY = 50;

/** Publishes a sale. Its id makes a request that comes twice count once. */
export async function sell(sale: Sale, id?: string): Promise<void> {
	await channels.sales().publish('sold', sale, { id });
	const { totals, position, count } = await read();
	// Another process may be faster: then its snapshot counts, and this one is not taken.
	if (count >= MANY) await channels.sales().snapshot('totals', totals, position);
}

/** The totals, and the position from which a page continues them. */
export async function read(): Promise<{ totals: Totals; position: string; count: number }> {
	const { messages, position } = await channels.sales().history();
	const totals = messages.reduce<Totals>(
		(sum, message) => (message.event === 'sold' ? withSale(sum, message.data) : message.data),
		NOTHING,
	);
	return { totals, position, count: messages.length };
}
