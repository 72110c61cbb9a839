/** Ends what `astro dev` logs of errors after an edit. */
export const PREVIOUS_VERSION = 'The previous version of the channels keeps running.';
