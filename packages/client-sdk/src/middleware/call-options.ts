import { callOptionRules, CallOptionsCheck } from "@callwire/transport/client";
import { type ClientPhases, rules, type RulesOf } from "@callwire/transport/seam";
import { Status } from "nice-grpc-common";
import type { ClientCallOptions } from "../call-options.js";
import { clientError } from "../internal/client-errors.js";

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
        throw clientError(path, Status.INVALID_ARGUMENT, (cause as TypeError).message, "local", cause);
      }
    },
  };
}
