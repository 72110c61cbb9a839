/** The name of the Durable Object's class. It never changes: stored objects belong to it. */
export const OBJECT_CLASS: string = 'ZastroRealtime';
/** The name of the binding to the class. */
export const OBJECT_BINDING: string = 'ZASTRO_REALTIME';
