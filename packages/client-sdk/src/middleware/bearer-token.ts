import {
  type CallOptions,
  ClientError,
  type ClientMiddleware,
  type ClientMiddlewareCall,
  Metadata,
  Status,
} from "nice-grpc-common";
import { untilAborted } from "../internal/abort.js";

/** Where a token comes from: itself, or a function that is asked for it. */
export type TokenSource = string | (() => string | Promise<string>);

/** Options for {@link bearerToken}. */
export interface BearerTokenOptions {
  /** The token. A function is asked at each attempt of each call: it may keep a token until it expires. */
  token: TokenSource;
}

/** Pure: the metadata with the token in it. Throws an Error if the token cannot be sent. */
export function withToken(metadata: Metadata | undefined, token: string): Metadata {
  if (!/^[!-~]+$/.test(token)) throw new TypeError("the token is empty or not printable ASCII");
  return Metadata(metadata).set("authorization", `Bearer ${token}`);
}

/**
 * Sends `authorization: Bearer …`, unless the call's own metadata has that key. A token that cannot be had is
 * UNAUTHENTICATED, with the reason as `cause`. Place it inside `retry`, so that no attempt goes out with an old token.
 */
export function bearerToken({ token }: BearerTokenOptions): ClientMiddleware {
  const get = typeof token === "string" ? () => token : token;
  return async function* bearerToken<Request, Response>(
    call: ClientMiddlewareCall<Request, Response>,
    options: CallOptions,
  ) {
    let { metadata } = options;
    if (!metadata?.has("authorization")) {
      try {
        const answer = get();
        metadata = withToken(
          metadata,
          typeof answer === "string" ? answer : await untilAborted(answer, options.signal),
        );
      } catch (cause) {
        options.signal?.throwIfAborted();
        const error = new ClientError(call.method.path, Status.UNAUTHENTICATED, "no token could be had");
        error.cause = cause;
        throw error;
      }
    }
    return yield* call.next(call.request, metadata ? { ...options, metadata } : options);
  };
}
