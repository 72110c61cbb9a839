/** Elements without a framework. */

/**
 * A class of the page by its name. A program without the types of browsers has none of them, and can
 * read the declarations of this folder all the same.
 */
type OfPage<Name extends string> =
	typeof globalThis extends Readonly<Record<Name, { readonly prototype: infer Type }>>
		? Type
		: never;

export type PageElement = OfPage<'HTMLElement'>;
export type PageButton = OfPage<'HTMLButtonElement'>;
export type PageShadow = OfPage<'ShadowRoot'>;

/** The elements that the inspector is made of. */
interface Tags
	extends Record<
		| 'b'
		| 'code'
		| 'div'
		| 'h1'
		| 'h2'
		| 'header'
		| 'li'
		| 'nav'
		| 'p'
		| 'pre'
		| 'section'
		| 'span'
		| 'strong'
		| 'style'
		| 'ul',
		PageElement
	> {
	readonly button: PageButton;
	readonly form: OfPage<'HTMLFormElement'>;
	readonly input: OfPage<'HTMLInputElement'>;
	readonly option: OfPage<'HTMLOptionElement'>;
	readonly select: OfPage<'HTMLSelectElement'>;
	readonly textarea: OfPage<'HTMLTextAreaElement'>;
}

type Child = OfPage<'Node'> | string | undefined;

export interface Properties {
	readonly class?: string;
	readonly title?: string;
	readonly role?: string;
	readonly [attribute: `aria-${string}` | `data-${string}`]: string | undefined;
}

/** An element with these attributes and children. */
export function element<Name extends keyof Tags>(
	name: Name,
	properties: Properties = {},
	...children: readonly Child[]
): Tags[Name] {
	const created: HTMLElement = document.createElement(name);
	for (const [attribute, value] of Object.entries(properties)) {
		if (value !== undefined) created.setAttribute(attribute, value);
	}
	created.append(...children.filter((child) => child !== undefined));
	return created as Tags[Name];
}

/** A button that calls a function. */
export function button(
	label: string,
	onClick: () => void,
	properties: Properties = {},
): PageButton {
	const created = element('button', properties, label);
	created.type = 'button';
	created.addEventListener('click', onClick);
	return created;
}
