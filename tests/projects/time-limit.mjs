// Ends a file of `node --test` that something keeps running after its time, for example a socket that a
// failed test left open. `--test-force-exit` ends the file with its last known test, which may be too
// early: the results that were not yet written, and tests that are still being loaded, are lost.
const { NODE_TEST_CONTEXT, TEST_FILE_LIMIT } = process.env;

// The process that starts the files loads this module as well.
if (NODE_TEST_CONTEXT !== undefined) {
	const end = () => {
		console.error(
			`The file still ran after ${TEST_FILE_LIMIT} ms. Does a test leave something open?`,
		);
		process.exit(1);
	};
	setTimeout(end, Number(TEST_FILE_LIMIT)).unref();
}
