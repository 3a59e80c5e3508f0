import type { Codec } from "./definitions.js";

/** The bytes that one codec makes of a message. */
export interface SharedBytes {
  readonly codec: Codec;
  /** The message with its prefix, as it goes out uncompressed. */
  readonly bytes: Buffer;
  /** The message without a prefix, compressed; undefined until a stream asks for it. */
  compressed: Promise<Buffer> | undefined;
}

/** The encodings kept for each message, by each codec; nearly always there is one. */
const marked = new WeakMap<object, SharedBytes[]>();
/** Until the first message is marked, the others cost no look. */
let anyMarked = false;

/**
 * Marks a message that goes to many streams, and returns it. Its bytes are then made once, by each codec that sends it, and kept
 * as long as the message lives; each stream pays for a copy of them, or for less.
 *
 * Do not change a message that is marked, nor anything in it: a stream may send what it was before. A copy of the message is not
 * marked. Runtimes other than the transport see the message as it is.
 *
 * ```ts
 * const event = shareEncoding(UserEvent.fromPartial({ … }));
 * for (const watcher of watchers) watcher.push(event);
 * ```
 */
export function shareEncoding<T extends object>(message: T): T {
  anyMarked = true;
  if (!marked.has(message)) marked.set(message, []);
  return message;
}

/** The encodings kept for a message, to be added to; undefined if it is not marked. */
export function sharedBytesOf(message: unknown): SharedBytes[] | undefined {
  return anyMarked && typeof message === "object" && message !== null ? marked.get(message) : undefined;
}
