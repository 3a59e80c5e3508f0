import { ServerError, type Status } from "nice-grpc-common";

/**
 * Makes an error without a stack. Who asks for it by what it sends must not have one: it shows nothing of the application's, and costs
 * more than all else that a request of a few bytes does.
 */
export function withoutStack<E extends Error>(make: () => E): E {
  const { stackTraceLimit } = Error;
  // It is not writable under `--frozen-intrinsics`, and may have been deleted.
  if (typeof stackTraceLimit !== "number" || !Reflect.set(Error, "stackTraceLimit", 0)) return make();
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The error of what waits for a peer that has gone, or has given up. */
export function abortError(text: string): DOMException {
  return withoutStack(() => new DOMException(text, "AbortError"));
}

/** The error of a call whose peer does something wrong. */
export function peerError(code: Status, details: string): ServerError {
  return withoutStack(() => new ServerError(code, details));
}
