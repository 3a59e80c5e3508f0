/**
 * The limits of the contract. Lengths of text are in characters, which are Unicode code points.
 * All are what `user_service.proto` promises: change them together.
 */

/** Most characters of an id that a caller gives. */
export const MAX_ID_LENGTH = 64;
/** Most characters of a name. */
export const MAX_NAME_LENGTH = 200;
/** Most characters of an email address (RFC 5321, section 4.5.3.1.3). */
export const MAX_EMAIL_LENGTH = 254;
/** Highest age, in years. */
export const MAX_AGE = 150;
/** Most roles of one user. */
export const MAX_ROLES = 32;
/** Most characters of one role. */
export const MAX_ROLE_LENGTH = 64;
/** Most characters of a request id. */
export const MAX_REQUEST_ID_LENGTH = 128;
/** The time that a request id is remembered, in milliseconds: one day. */
export const REQUEST_ID_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** Page size of a list that asks for none. */
export const DEFAULT_PAGE_SIZE = 50;
/** Largest page of a list. */
export const MAX_PAGE_SIZE = 1000;
/** Most characters of a filter. */
export const MAX_FILTER_LENGTH = 1000;
/** Most parentheses of a filter that are open at once: SQLite's parser bears 24, whatever stands in them. */
export const MAX_FILTER_DEPTH = 20;

/** Most characters of the sender of a chat message. */
export const MAX_SENDER_LENGTH = 100;
/** Most characters of the content of a chat message. */
export const MAX_CONTENT_LENGTH = 4096;
/** Most characters of the name of a room. */
export const MAX_ROOM_LENGTH = 100;
