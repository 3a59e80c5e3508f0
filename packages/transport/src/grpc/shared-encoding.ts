import type { Codec } from "./definitions.js";

/** The bytes that one codec makes of a message. */
export interface SharedBytes {
  readonly codec: Codec;
  /** The message with its prefix, as it goes out uncompressed. */
  readonly bytes: Buffer;
  /** The message without a prefix, compressed; undefined until a stream asks for it. */
  compressed: Promise<Buffer> | undefined;
  /** Those of another codec; nearly always there is none. */
  readonly next: SharedBytes | undefined;
}

/** What is kept of a message that is marked. */
export class Shared {
  /** The encoding that was made last. No array of them: each step from object to object costs a read of memory. */
  bytes: SharedBytes | undefined;
  forms: Map<object, unknown> | undefined;
}

const marked = new WeakMap<object, Shared>();
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
  if (!marked.has(message)) marked.set(message, new Shared());
  return message;
}

/**
 * A form of a message other than gRPC's, such as its JSON. Of a message that {@link shareEncoding} has marked it is made once, and
 * kept as long as the message lives; of any other it is made each time.
 *
 * @param maker Who makes it: the same message has another form for each. It lives as long as the messages whose forms it made.
 * @param make Makes the form. What it throws is thrown, and nothing is kept.
 */
export function sharedForm<Message, Form>(
  message: Message,
  maker: object,
  make: (message: Message, isShared: boolean) => Form,
): Form {
  const shared = sharedOf(message);
  if (shared === undefined) return make(message, false);
  const forms = (shared.forms ??= new Map());
  const known = forms.get(maker) as Form | undefined;
  if (known !== undefined) return known;
  const form = make(message, true);
  forms.set(maker, form);
  return form;
}

/** What is kept of a message; undefined if it is not marked. */
export function sharedOf(message: unknown): Shared | undefined {
  return anyMarked && typeof message === "object" && message !== null ? marked.get(message) : undefined;
}
