import { inspect } from "node:util";
import { Metadata, ServerError } from "nice-grpc-common";
import type { ArrivalHooks } from "../arrival.js";
import { toServerError } from "../errors/to-server-error.js";
import type { IncomingCall, OpenServerOptions, Refusal } from "../runtime.js";
import { cancellationCode } from "./abort.js";
import { splitPath } from "./method.js";

/** Runs the arrival hooks of a server's middleware, outermost first, for the services that they are around. */
export function createAdmission(
  hooks: readonly ArrivalHooks[],
  applies: (service: string) => boolean,
): OpenServerOptions["admit"] {
  const refuse = (call: IncomingCall, last: number, thrown: unknown): Refusal => {
    const refusal = { error: toServerError(thrown), thrown, trailer: Metadata() };
    for (const hook of hooks.slice(0, last + 1)) {
      try {
        hook.refused?.(call, refusal);
      } catch (error) {
        // The call is refused as it is, and the next hooks are told.
        process.emitWarning(`a hook that was told of a refusal threw ${inspect(error)}`);
      }
    }
    return refusal;
  };

  // No handler would be asked, or nobody wait for its answer: without this, no line of the log would tell of the call.
  const refuseLate = (call: IncomingCall, last: number): Refusal | undefined => {
    if (!isOver(call)) return undefined;
    const message = "the call was over before it was admitted";
    return refuse(call, last, new ServerError(cancellationCode(call.deadline), message));
  };

  const admitFrom = async (
    call: IncomingCall,
    first: number,
    pending: PromiseLike<void>,
  ): Promise<Refusal | undefined> => {
    let index = first;
    try {
      await pending;
      for (index++; index < hooks.length; index++) await hooks[index]?.admit?.(call);
    } catch (thrown) {
      if (!isOver(call)) return refuse(call, index, thrown);
    }
    return refuseLate(call, index);
  };

  return (call) => {
    if (!applies(splitPath(call.method.path).service)) return undefined;
    // Stays synchronous while the hooks do: most calls have nothing to wait for.
    for (let index = 0; index < hooks.length; index++) {
      try {
        const pending = hooks[index]?.admit?.(call);
        if (isPromiseLike(pending)) return admitFrom(call, index, pending);
      } catch (thrown) {
        return refuse(call, index, thrown);
      }
    }
    return refuseLate(call, hooks.length - 1);
  };
}

/** Whether a call was cancelled, or its deadline has passed, though the timer that says so may have yet to fire. */
function isOver({ signal, deadline }: IncomingCall): boolean {
  return signal.aborted || (deadline !== undefined && deadline.getTime() <= Date.now());
}

function isPromiseLike(value: void | PromiseLike<void>): value is PromiseLike<void> {
  return typeof (value as PromiseLike<void> | undefined)?.then === "function";
}
