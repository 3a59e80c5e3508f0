import type { ServerError, ServerMiddleware } from "nice-grpc-common";

interface RunningCall {
  path: string;
  /** Ends a response stream from outside; undefined until its handler was first asked for a message. */
  end?: (reason: ServerError) => void;
}

/** The calls that a server's handlers work on, so that a stop can end the streams and name what it cut off. */
export class RunningCalls {
  readonly #calls = new Set<RunningCall>();
  #reason: ServerError | undefined;

  /** The paths of the running calls, one for each. */
  get paths(): string[] {
    return Array.from(this.#calls, (call) => call.path);
  }

  /** Ends every response stream, and those that begin later, with this error. Other calls run on to their end. */
  endStreams(reason: ServerError): void {
    this.#reason = reason;
    for (const call of this.#calls) call.end?.(reason);
  }

  /** Goes innermost, around the handler: what it throws passes through the middleware like the handler's own errors. */
  middleware(): ServerMiddleware {
    const calls = this.#calls;
    const endReason = () => this.#reason;
    return async function* runningCall(call, context) {
      const running: RunningCall = { path: call.method.path };
      calls.add(running);
      if (!call.responseStream) {
        try {
          return yield* call.next(call.request, context);
        } finally {
          calls.delete(running);
        }
      }

      const controller = new AbortController();
      const abort = () => controller.abort(context.signal.reason);
      if (context.signal.aborted) abort();
      else context.signal.addEventListener("abort", abort);
      const handler = call.next(call.request, { ...context, signal: controller.signal });
      let cut = false;
      // Not Promise.race with one promise for the call: each turn of a long stream would leave a reaction on it.
      const unlessEnded = <T>(step: () => Promise<T>) =>
        new Promise<T>((resolve, reject) => {
          running.end = (reason) => {
            cut = true;
            controller.abort(reason);
            reject(reason);
          };
          const reason = endReason();
          if (reason) running.end(reason);
          else step().then(resolve, reject);
        });
      const messages = {
        [Symbol.asyncIterator]: () => ({
          next: () => unlessEnded(() => handler.next()),
          throw: (error: unknown) => unlessEnded(() => handler.throw(error)),
          return: () => handler.return(),
        }),
      };
      try {
        yield* messages;
      } finally {
        calls.delete(running);
        context.signal.removeEventListener("abort", abort);
        // A handler that waits for its client ends when that call does: nobody must wait for it here.
        if (cut) handler.return().catch(() => {});
      }
    };
  }
}
