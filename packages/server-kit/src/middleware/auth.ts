import {
  checkOptions,
  rules,
  withoutStack,
  type RulesOf,
  type ServerCallContext,
} from "@callwire/transport/server";
import { unauthenticated } from "../errors/factories.js";
import type { ServiceError } from "../errors/service-error.js";
import { isPromiseLike } from "../internal/promises.js";
import type { Middleware } from "../middleware.js";

/** Options for {@link auth}. */
export interface AuthOptions<Identity> {
  /**
   * Tells who holds a token; undefined, null and false refuse it. An error made on purpose, like `permissionDenied()`,
   * goes out as it is; any other is the server's fault and goes out as INTERNAL. `call.signal` says when to give up. An answer
   * that is there at once costs no promise.
   */
  verify: (token: string, call: ServerCallContext) => Verdict<Identity> | Promise<Verdict<Identity>>;
}

const rulesOfAuth: RulesOf<AuthOptions<unknown>> = { verify: rules.required(rules.secret(rules.callable)) };

type Verdict<Identity> = Identity | undefined | null | false;

/** The parts of the call context that {@link auth} adds. */
export interface AuthContext<Identity> {
  /** The result of `verify`. */
  auth: Identity;
}

/** Anybody can be refused as often as they like. */
function refusal(options: { reason?: string; message: string }): ServiceError {
  return withoutStack(() => unauthenticated(options));
}

/** The token of an `authorization: Bearer …` header (RFC 6750, section 2.1); throws UNAUTHENTICATED without one. */
export function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined) {
    throw refusal({ reason: "CREDENTIALS_MISSING", message: "an authorization header is required" });
  }
  const match = /^Bearer +([\w.~+/-]+=*) *$/i.exec(authorization);
  if (!match) throw refusal({ message: "the authorization header is not of the form 'Bearer <token>'" });
  return match[1] as string;
}

/**
 * Lets only calls with a good Bearer token pass; others are UNAUTHENTICATED. It decides when the call's metadata
 * arrives, before its body is read. Place it after `errorBoundary`; leave methods out with `forMethods`.
 */
export function auth<Identity>(options: AuthOptions<Identity>): Middleware<AuthContext<Identity>> {
  checkOptions("auth", options, rulesOfAuth);
  const { verify } = options;
  // Callers send the same header again and again, which the transport gives as the same text.
  let lastHeader: string | undefined;
  let lastToken = "";
  const tokenOf = (header: string | undefined): string => {
    if (header === undefined || header !== lastHeader) {
      lastToken = bearerToken(header);
      lastHeader = header;
    }
    return lastToken;
  };
  const admit = (call: { auth?: Identity }, verdict: Verdict<Identity>) => {
    if (verdict === undefined || verdict === null || verdict === false) {
      throw refusal({ message: "the token is not valid" });
    }
    call.auth = verdict;
  };
  return {
    name: "auth",
    adds: ["auth"],
    arrived(call) {
      const verdict = verify(tokenOf(call.metadata.get("authorization")), call);
      if (isPromiseLike(verdict)) return verdict.then((later) => admit(call, later));
      admit(call, verdict);
      return undefined;
    },
  };
}
