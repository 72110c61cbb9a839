/** What the hook of `websocket.ts` was told, for `/api/failures`. */
export const failures: string[] = [];
