import { callOptionRules, CallOptionsCheck, checkIsCallOptions } from "@callwire/transport/client";
import { type ClientPhases, rules, type RulesOf, type RuntimeMethod } from "@callwire/transport/seam";
import { type MethodDescriptor, Status } from "nice-grpc-common";
import type { ClientCallOptions } from "../call-options.js";
import { CallError } from "../errors/call-error.js";
import { clientError, type OriginError } from "../internal/client-errors.js";
import { methodName } from "../internal/method-name.js";

const optionRules: RulesOf<ClientCallOptions> = {
  ...callOptionRules,
  requestId: rules.text,
  retry: rules.boolean,
};

/**
 * Refuses a call with an option that there is not, or that has a value which is none: the call fails with INVALID_ARGUMENT, and
 * nothing is sent.
 *
 * @param hasOthers True if other middleware may have options of their own.
 */
export function callOptions(hasOthers: boolean): ClientPhases {
  const check = new CallOptionsCheck(optionRules, hasOthers);
  return {
    began({ method: { path }, options }) {
      try {
        check.check(options, "the call");
      } catch (cause) {
        throw wrongOptions(path, cause);
      }
    },
  };
}

function wrongOptions(path: string, cause: unknown): OriginError {
  return clientError(path, Status.INVALID_ARGUMENT, (cause as TypeError).message, "local", cause);
}

/**
 * A method that fails a call, as {@link callOptions} does, if it was given for options what has none, such as a time, a signal or a
 * promise. Generators and nice-grpc make copies of options, in which nothing is left of that. Null is none, as undefined is.
 */
export function takingOptions(
  { path, responseStream }: MethodDescriptor,
  method: RuntimeMethod,
): RuntimeMethod {
  return (request, options) => {
    if (options == null) return method(request);
    try {
      checkIsCallOptions(options, "the call");
    } catch (cause) {
      const error = CallError.from(wrongOptions(path, cause), { method: methodName(path) });
      return responseStream ? failing(error) : Promise.reject(error);
    }
    return method(request, options);
  };
}

/** A stream that fails once it is read. */
// oxlint-disable-next-line require-yield -- it has no message
async function* failing(error: Error): AsyncGenerator<never, void, undefined> {
  throw error;
}
