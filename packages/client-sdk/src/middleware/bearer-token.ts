import { checkOptions, rules, type ClientCallContext, type ClientPhases } from "@callwire/transport/seam";
import { Status } from "nice-grpc-common";
import { clientError } from "../internal/client-errors.js";

/** The source of a token: the token itself, or a function that gives it. */
export type TokenSource = string | (() => string | Promise<string>);

/** What a source of tokens said; it may have thrown anything. */
function messageOf(cause: unknown): string {
  try {
    return cause instanceof Error ? cause.message : `its source threw ${String(cause)}`;
  } catch {
    return "its source threw what has no text";
  }
}

/** Options for {@link bearerToken}. */
export interface BearerTokenOptions {
  /** The token. A function is asked at each attempt of each call: it may keep a token until it expires. */
  token: TokenSource;
}

const ALLOWED = "a text of printable ASCII without spaces, and without 'Bearer' before it";

/** The values that a token may have, which no error shows. */
export const tokenRule = /* @__PURE__ */ rules.secret(
  /* @__PURE__ */ rules.rule(
    `${ALLOWED}, or a function that gives one`,
    (value) => typeof value === "function" || (typeof value === "string" && /^[!-~]+$/.test(value)),
  ),
);

/** Pure: what is sent as `authorization`. Throws a TypeError if the token cannot be sent. */
export function bearerOf(token: string): string {
  if (typeof token !== "string" || !/^[!-~]+$/.test(token)) {
    // Nobody may see it.
    throw new TypeError(`the token must be ${ALLOWED}`);
  }
  return `Bearer ${token}`;
}

/**
 * Sends `authorization: Bearer …`, unless the call's own metadata has that key. A token that cannot be had is
 * UNAUTHENTICATED, with the reason as `cause`. Each attempt asks anew, so that none goes out with an old token.
 */
export function bearerToken(options: BearerTokenOptions): ClientPhases {
  checkOptions("bearerToken", options, { token: rules.required(tokenRule) });
  const { token } = options;
  const get = typeof token === "string" ? () => token : token;
  // The calls that bring an `authorization` of their own. Few do, so that the others pay nothing.
  const others = new WeakSet<ClientCallContext>();
  // One token serves many calls: it is checked once.
  let last = "";
  let lastBearer = "";

  const send = (call: ClientCallContext, answer: string) => {
    if (answer !== last || last === "") {
      lastBearer = bearerOf(answer);
      last = answer;
    }
    call.metadata.set("authorization", lastBearer);
  };
  const refuse = (call: ClientCallContext, cause: unknown) =>
    clientError(
      call.method.path,
      Status.UNAUTHENTICATED,
      `no token could be had: ${messageOf(cause)}`,
      "local",
      cause,
    );

  return {
    attempted(call) {
      if (call.attempts <= 1) {
        if (call.metadata.has("authorization")) {
          others.add(call);
          return undefined;
        }
      } else if (others.has(call)) return undefined;
      try {
        const answer = get();
        if (typeof answer === "string") {
          send(call, answer);
          return undefined;
        }
        return Promise.resolve(answer).then(
          (later) => {
            try {
              send(call, later);
            } catch (cause) {
              throw refuse(call, cause);
            }
          },
          (cause: unknown) => {
            throw refuse(call, cause);
          },
        );
      } catch (cause) {
        throw refuse(call, cause);
      }
    },
  };
}
