/** The errors reported to the error handler, for `/failures`. */
export const failures: string[] = [];
