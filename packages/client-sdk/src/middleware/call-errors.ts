import { withoutStack } from "@callwire/transport/client";
import type { ClientCallContext, ClientPhases } from "@callwire/transport/seam";
import { CallError } from "../errors/call-error.js";
import { methodName } from "../internal/method-name.js";
import { requestIdKey } from "../internal/request-id-key.js";

/** The id that a call was sent with. The caller's metadata may be anything, and then there is none. */
function requestIdOf(call: ClientCallContext): string | undefined {
  try {
    return call.metadata.get(requestIdKey);
  } catch {
    return undefined;
  }
}

/**
 * Makes every error of a call a {@link CallError}, with the details and trailers that the server sent. The one
 * exception is a call that its caller's signal ended: it throws that signal's reason, as `fetch` does.
 *
 * Place it outside everything but `requestId`: inside it, errors are nice-grpc's ClientError, and every middleware made
 * for nice-grpc works as it does there.
 */
export function callErrors(): ClientPhases {
  return {
    failed(error, origin, call) {
      const { signal } = call.options;
      if (origin === "local" && signal?.aborted === true) return signal.reason;
      const context = {
        method: methodName(call.method.path),
        requestId: requestIdOf(call),
        metadata: call.trailer,
        origin,
      };
      // A stack of what comes from the wire or a timer has nothing of the application's in it, and thousands of calls may end at once.
      return origin === "local"
        ? CallError.from(error, context)
        : withoutStack(() => CallError.from(error, context));
    },
  };
}
