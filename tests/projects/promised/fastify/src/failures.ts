/** What the error handler was told, for `/failures`. */
export const failures: string[] = [];
