/** The colours are those of Astro's dev toolbar. */
export const STYLE: string = `
:host { color-scheme: dark; }
astro-dev-toolbar-window {
	--line: #2a2e37; --faint: #7d828f; --text: #bfc1c9; --bright: #fff; --raised: #1b1e24;
	--purple: #a98bf0; --green: #7ddc8b; --blue: #8fb4ff; --red: #ff8fa3; --yellow: #ffd479;
	width: min(1120px, calc(100vw - 32px)); height: min(600px, calc(100vh - 104px)); max-height: none;
	padding: 0; overflow: hidden; font-size: 13px; line-height: 1.45;
}
.inspector { display: flex; flex-direction: column; height: 100%; min-height: 0; }
.inspector * { box-sizing: border-box; }
.inspector button, .inspector input, .inspector select, .inspector textarea {
	font: inherit; color: var(--text); background: var(--raised); border: 1px solid var(--line);
	border-radius: 6px; padding: 3px 9px; margin: 0;
}
.inspector button { cursor: pointer; white-space: nowrap; }
.inspector button:hover { color: var(--bright); border-color: #474e5e; }
.inspector button:disabled { opacity: 0.45; cursor: default; }
.inspector :focus-visible { outline: 2px solid var(--purple); outline-offset: 1px; }
.inspector button[aria-pressed='true'] { color: var(--bright); background: #343841; border-color: #474e5e; }
.inspector code, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 12px; }

.bar { display: flex; align-items: center; gap: 8px; padding: 10px 14px; border-bottom: 1px solid var(--line); flex-wrap: wrap; }
.bar h1 { font-size: 14px; font-weight: 600; color: var(--bright); margin: 0 8px 0 0; }
.bar input { flex: 1 1 160px; min-width: 120px; padding: 4px 10px; }
.chips { display: flex; gap: 4px; }
.chips button { border-radius: 999px; padding: 2px 10px; font-size: 12px; }

.panes { display: flex; flex: 1; min-height: 0; }
.side { width: 248px; flex: none; overflow: auto; border-right: 1px solid var(--line); padding: 8px; scrollbar-width: thin; }
.side h2 { font-size: 11px; font-weight: 600; letter-spacing: 0.06em; text-transform: uppercase; color: var(--faint); margin: 8px 6px 4px; }
.side p { margin: 2px 6px 8px; color: var(--faint); }
.side button { display: grid; grid-template-columns: auto 1fr auto; gap: 2px 8px; width: 100%; text-align: left; background: none; border-color: transparent; padding: 5px 8px; }
.side button:hover { background: var(--raised); border-color: transparent; }
.side button .name { overflow: hidden; text-overflow: ellipsis; }
.side button .more { grid-column: 2 / -1; color: var(--faint); font-size: 11.5px; overflow: hidden; text-overflow: ellipsis; }
.dot { width: 8px; height: 8px; border-radius: 50%; background: var(--green); align-self: center; }
.dot[data-closed] { background: none; border: 1.5px solid #565c69; }
.count { color: var(--faint); font-variant-numeric: tabular-nums; font-size: 12px; }

.main { display: flex; flex-direction: column; flex: 1; min-width: 0; }
.list { flex: 1; overflow: auto; min-height: 0; padding: 4px 0; scrollbar-width: thin; }
.inspector .list:focus-visible { outline: none; box-shadow: inset 3px 0 var(--purple); }
.row { display: grid; grid-template-columns: 92px 34px 18px minmax(76px, 150px) 1fr auto; gap: 8px; align-items: baseline; padding: 2px 14px; cursor: default; white-space: nowrap; }
.row:hover { background: var(--raised); }
.row[aria-selected='true'] { background: #343841; }
.row > * { overflow: hidden; text-overflow: ellipsis; }
.row .time, .row .number, .row .size { color: var(--faint); font-variant-numeric: tabular-nums; font-size: 12px; }
.row .size { text-align: right; }
.row .label { color: var(--bright); }
.row[data-kind='control'] .label, .row[data-kind='control'] .text { color: var(--faint); }
.row[data-kind='handshake'] .label { color: var(--green); }
.row[data-bad] .label { color: var(--red); }
.row .arrow[data-to='server'] { color: var(--green); }
.row .arrow[data-to='client'] { color: var(--blue); }
.row .channel { color: var(--purple); margin-right: 1ch; }
.hand { color: var(--yellow); }
.empty { padding: 40px 24px; text-align: center; color: var(--faint); }
.empty strong { display: block; color: var(--text); margin-bottom: 6px; }

.details { flex: none; max-height: 58%; overflow: auto; scrollbar-width: thin; }
.detail { border-top: 1px solid var(--line); padding: 12px 14px; background: #16191f; }
.detail header { display: flex; gap: 8px; align-items: center; margin-bottom: 8px; }
.detail header h2 { flex: 1; font-size: 13px; font-weight: 600; color: var(--bright); margin: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.detail pre { margin: 0; padding: 8px 10px; background: #0e1014; border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; color: var(--text); max-height: 190px; overflow: auto; }
.detail .hint { margin: 8px 0 0; padding: 7px 10px; border-left: 3px solid var(--yellow); background: #221f17; border-radius: 0 6px 6px 0; color: #f2e3bd; }
.detail .hint code { color: #fff; background: #ffffff1a; border-radius: 4px; padding: 0 4px; }
.detail .facts { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 0 0 8px; color: var(--faint); }
.detail .facts b { color: var(--text); font-weight: 500; }
.detail form { display: flex; gap: 8px; margin-top: 10px; align-items: flex-start; }
.detail textarea { flex: 1; min-height: 31px; height: 31px; resize: vertical; }
.detail input { width: 120px; }
.detail .send { background: #4f2b9c; border-color: #6d49c1; color: var(--bright); }
.present { list-style: none; margin: 0 0 8px; padding: 0; display: grid; gap: 2px; }
.present .mono { color: var(--faint); }
.link { color: var(--blue) !important; background: none !important; text-decoration: underline; padding: 3px 4px !important; border-color: transparent !important; }
@media (max-width: 860px) { .bar h1 { display: none; } .side { width: 190px; } }
@media (max-width: 720px) {
	.side { width: 150px; }
	.row { grid-template-columns: 30px 14px minmax(60px, 110px) 1fr; }
	.row .time, .row .size { display: none; }
}
@media (forced-colors: active) { .dot { border: 1px solid; } }
`;
