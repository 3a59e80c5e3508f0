/**
 * The floor: the bytes of the same calls over node:net, with no protocol and no messages in them. A connection begins with
 * one line that says what it is for.
 */
export type Purpose =
  | { purpose: "calls"; request: number; response: number }
  | { purpose: "download"; size: number; count: number }
  | { purpose: "upload" };

/** A frame's header is 9 bytes, a message's prefix 5; the header blocks, once the tables know them, are 10, 2 and 1 bytes. */
const FRAME = 9;
const PREFIX = 5;

/** The bytes that a call of GetUser takes on its connection. */
export const GET_REQUEST_BYTES = FRAME + 10 + FRAME + PREFIX + 38;
/** And its answer: headers, a user of 107 bytes, trailers. */
export const GET_RESPONSE_BYTES = FRAME + 2 + FRAME + PREFIX + 107 + FRAME + 1;

/** The bytes of a call that carries this much each way. */
export function exchangeBytes(size: number): { request: number; response: number } {
  return { request: FRAME + 10 + FRAME + PREFIX + size, response: 3 * FRAME + 3 + PREFIX + size };
}
