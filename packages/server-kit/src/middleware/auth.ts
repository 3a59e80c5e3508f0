import type { CallContext, ServerMiddleware } from "nice-grpc-common";
import { withArrivalHooks } from "../arrival.js";
import { unauthenticated } from "../errors/factories.js";
import type { IncomingCall, IncomingCallContext, MaybePromise } from "../runtime.js";

/** Options for {@link auth}. */
export interface AuthOptions<Identity> {
  /**
   * Tells who holds a token; undefined, null and false refuse it. An error made on purpose, like `permissionDenied()`,
   * goes out as it is; any other is the server's fault and goes out as INTERNAL. `call.signal` says when to give up.
   */
  verify: (token: string, call: IncomingCall) => MaybePromise<Identity | undefined | null | false>;
}

/** What {@link auth} adds to the call context. */
export interface AuthContext<Identity> {
  /** What `verify` made of the token. */
  auth: Identity;
}

/** The token of an `authorization: Bearer …` header (RFC 6750, section 2.1); throws UNAUTHENTICATED without one. */
export function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined) {
    throw unauthenticated({ reason: "CREDENTIALS_MISSING", message: "an authorization header is required" });
  }
  const match = /^Bearer +([\w.~+/-]+=*) *$/i.exec(authorization);
  if (!match)
    throw unauthenticated({ message: "the authorization header is not of the form 'Bearer <token>'" });
  return match[1] as string;
}

/**
 * Lets only calls with a good Bearer token pass; others are UNAUTHENTICATED. It decides when the call's metadata
 * arrives, before its body is read. Place it after `errorBoundary`; leave methods out with `forMethods`.
 */
export function auth<Identity>({
  verify,
}: AuthOptions<Identity>): ServerMiddleware<AuthContext<Identity>, IncomingCallContext> {
  const identities = new WeakMap<IncomingCall, { identity: Identity }>();

  return withArrivalHooks<AuthContext<Identity>, IncomingCallContext>(
    async function* auth(call, context: CallContext & IncomingCallContext) {
      const admitted = identities.get(context.call);
      // Never without: a call that was not admitted has no handler.
      if (!admitted) throw unauthenticated();
      return yield* call.next(call.request, { ...context, auth: admitted.identity });
    },
    {
      async admit(call) {
        const identity = await verify(bearerToken(call.metadata.get("authorization")), call);
        if (identity === undefined || identity === null || identity === false)
          throw unauthenticated({ message: "the token is not valid" });
        identities.set(call, { identity });
      },
    },
  );
}
