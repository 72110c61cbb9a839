/** What the page shows. It is made of sales alone, on the server and in every page. */
export interface Totals {
	readonly tickets: number;
	readonly euros: number;
	readonly byShow: Readonly<Record<string, number>>;
}

export interface Sale {
	readonly show: string;
	readonly tickets: number;
	readonly euros: number;
}

export const NOTHING: Totals = { tickets: 0, euros: 0, byShow: {} };

export function withSale(totals: Totals, { show, tickets, euros }: Sale): Totals {
	const byShow = { ...totals.byShow, [show]: (totals.byShow[show] ?? 0) + tickets };
	return { tickets: totals.tickets + tickets, euros: totals.euros + euros, byShow };
}
