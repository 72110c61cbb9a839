// Lets the clock of a process jump by the milliseconds in CLOCK_JUMP when it gets SIGUSR2, as the
// clock of a machine that is set. Timers go on, because they do not follow that clock.
const Machine = Date;
let offset = 0;

globalThis.Date = class extends Machine {
	constructor(...parts) {
		super(...(parts.length === 0 ? [Machine.now() + offset] : parts));
	}

	static now() {
		return Machine.now() + offset;
	}
};

process.on('SIGUSR2', () => {
	offset += Number(process.env.CLOCK_JUMP);
	console.log(`the clock is at ${new Date().toISOString()}`);
});
