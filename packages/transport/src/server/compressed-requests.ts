/** The request messages that came compressed. Made when the first one comes: most servers never see one. */
let messages: WeakSet<object> | undefined;

/** Remembers that a message came compressed, unless it is no object, as a codec of the application's may have it. */
export function markCompressed(message: unknown): void {
  if (typeof message === "object" && message !== null) (messages ??= new WeakSet()).add(message);
}

/** True if this very object came compressed. */
export function wasCompressed(message: object): boolean {
  return messages?.has(message) === true;
}
