import { createHash } from "node:crypto";
import type { AuthContext, LoggingContext, Middleware } from "@callwire/server-kit";

/** A caller. */
export interface Caller {
  subject: string;
}

const digest = (token: string) => createHash("sha256").update(token).digest("base64");

/**
 * Finds whose token it is. Tokens are looked up by their hash, so that the time that takes says nothing about how much of a
 * guess was right. One that was right once is known by itself from then on, which saves the hash.
 */
export function tokenVerifier(tokens: ReadonlyMap<string, string>): (token: string) => Caller | undefined {
  const callers = new Map(
    Array.from(tokens, ([token, subject]) => [digest(token), Object.freeze({ subject })]),
  );
  const known = new Map<string, Caller>();
  return (token) => {
    let caller = known.get(token);
    if (caller === undefined) {
      caller = callers.get(digest(token));
      if (caller !== undefined) known.set(token, caller);
    }
    return caller;
  };
}

/** Writes who called to the line of each call. Place it after `auth`. */
export function logCaller(): Middleware<{}, AuthContext<Caller> & LoggingContext> {
  return {
    name: "logCaller",
    needs: ["auth", "addLogFields"],
    arrived(call) {
      // A caller has the one field that the line gets.
      call.addLogFields(call.auth as Caller & Record<string, unknown>);
    },
  };
}
