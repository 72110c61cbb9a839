/** Groups of members that belong to processes. The first letter of a name tells the kind. */

/** The members of a channel. */
export const CHANNEL_GROUP: string = 'c';
/** The connections of a user. */
export const USER_GROUP: string = 'u';
