import { randomUUID } from "node:crypto";
import { checkOptions, rules, shown, type RulesOf } from "@callwire/transport/server";
import { requestIdKey } from "../internal/metadata-keys.js";
import { ignoreResult } from "../internal/promises.js";
import type { Middleware } from "../middleware.js";

/** Options for {@link requestId}. */
export interface RequestIdOptions {
  /** Makes the id of a call that came without one: 1 to 128 visible ASCII characters. Default: a random UUID. */
  generate?: () => string;
}

const optionRules: RulesOf<RequestIdOptions> = { generate: rules.callable };

/** The parts of the call context that {@link requestId} adds. */
export interface RequestIdContext {
  /** The id that came in `x-request-id`, or a new one. */
  requestId: string;
}

/** The most characters of an `x-request-id` that is believed. */
export const MAX_REQUEST_ID_LENGTH = 128;

/** True if an id from outside may go into logs and headers: 1 to 128 visible ASCII characters. */
export function isUsableRequestId(id: string | undefined): id is string {
  return id !== undefined && id !== "" && id.length <= MAX_REQUEST_ID_LENGTH && isVisible(id);
}

function isVisible(text: string): boolean {
  // Below zero once a character is out of range: it takes half the time of an expression.
  let signs = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    signs |= (char - 0x21) | (0x7e - char);
  }
  return signs >= 0;
}

/**
 * Gives each call an id: the client's `x-request-id`, or a new one. It goes back in the response's header, or in the
 * trailer of a call that failed before its header was sent. Place it first.
 */
export function requestId(options: RequestIdOptions = {}): Middleware<RequestIdContext> {
  checkOptions("requestId", options, optionRules);
  const { generate = randomUUID } = options;
  const made = (): string => {
    const id: unknown = generate();
    if (typeof id === "string" && isUsableRequestId(id)) return id;
    ignoreResult(id, () => {});
    throw new TypeError(
      `requestId: generate gave ${shown(id)}: an id is 1 to ${MAX_REQUEST_ID_LENGTH} visible ASCII characters`,
    );
  };
  return {
    name: "requestId",
    adds: ["requestId"],
    arrived(call) {
      const given = call.metadata.get(requestIdKey);
      const id = isUsableRequestId(given) ? given : made();
      call.requestId = id;
      call.header.set(requestIdKey, id);
    },
    failed(thrown, call) {
      const id = call.requestId;
      if (id !== undefined) {
        // A response that has only trailers shows clients that nothing was done, so that they may retry (gRPC A6).
        // A header that is not empty would be sent.
        call.header.delete(requestIdKey);
        call.trailer.set(requestIdKey, id);
      }
      return thrown;
    },
  };
}
