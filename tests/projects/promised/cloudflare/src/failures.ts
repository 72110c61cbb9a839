/** The errors reported to the hook of `websocket.ts`, for `/api/failures`. */
export const failures: string[] = [];
