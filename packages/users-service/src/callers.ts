import { createHash } from "node:crypto";
import type { AuthContext, LoggingContext } from "@callwire/server-kit";
import type { ServerMiddleware } from "nice-grpc-common";

/** Who called. */
export interface Caller {
  subject: string;
}

const digest = (token: string) => createHash("sha256").update(token).digest("base64");

/**
 * Tells whose token it is. Tokens are looked up by their hash, so that the time it takes says nothing about how much of
 * a guess was right.
 */
export function tokenVerifier(tokens: ReadonlyMap<string, string>): (token: string) => Caller | undefined {
  const subjects = new Map(Array.from(tokens, ([token, subject]) => [digest(token), { subject }]));
  return (token) => subjects.get(digest(token));
}

/** Writes who called to the line of each call. Place it after `auth`. */
export function logCaller(): ServerMiddleware<{}, AuthContext<Caller> & LoggingContext> {
  return async function* logCaller(call, context) {
    context.addLogFields({ subject: context.auth.subject });
    return yield* call.next(call.request, context);
  };
}
