import {
  checkGenerator,
  checkOptions,
  type ClientPhases,
  kindOf,
  rules,
  type RulesOf,
} from "@callwire/transport/seam";
import type { MetadataInit } from "nice-grpc-common";
import { bearerToken, type TokenSource } from "./middleware/bearer-token.js";
import { callErrors } from "./middleware/call-errors.js";
import { deadline } from "./middleware/deadline.js";
import { defaultMetadata } from "./middleware/default-metadata.js";
import { requestId } from "./middleware/request-id.js";
import { retry, type RetryOptions } from "./middleware/retry.js";

const phaseRules: RulesOf<ClientPhases> = {
  attempted: rules.callable,
  began: rules.callable,
  ended: rules.callable,
  failed: rules.callable,
  request: rules.callable,
  response: rules.callable,
  retryAfterMs: rules.callable,
};

/** This package's own factories, which are easily put into a list without being called. */
const factories = new Set(["bearerToken", "callErrors", "deadline", "defaultMetadata", "requestId", "retry"]);

/** Throws a TypeError that names what is no middleware by its place, or a phase that is misspelt. */
export function checkMiddleware(middleware: unknown, index: number): void {
  if (typeof middleware === "function") {
    const place = placeOf(index);
    const notCalled = factories.has(middleware.name) && middleware.length < 2;
    if (notCalled)
      throw new TypeError(`${place} is ${middleware.name} itself: call it, as in ${middleware.name}({ … })`);
    checkGenerator(place, middleware);
    return;
  }
  checkPhases(middleware, index);
}

/** Throws a TypeError that names what is no phases by its place, or a phase that is misspelt. */
function checkPhases(middleware: unknown, index: number): void {
  const place = placeOf(index);
  if (typeof middleware !== "object" || middleware === null) {
    throw new TypeError(`${place} is ${kindOf(middleware)}, which is none`);
  }
  checkOptions(place, middleware, phaseRules);
}

function placeOf(index: number): string {
  return `createClient: middleware[${index}]`;
}

/** The options of a client that are middleware of its own. */
interface MiddlewareOptions<Each> {
  metadata?: MetadataInit;
  middleware?: readonly Each[];
  retry?: RetryOptions | false;
  timeoutMs?: number;
  token?: TokenSource;
}

/** The middleware of a client, outermost first, and why in this order. */
export function middlewareOf<Each = never>(options: MiddlewareOptions<Each>): (ClientPhases | Each)[] {
  const { metadata, middleware = [], retry: retries = {}, token, timeoutMs } = options;
  return [
    // Outside the rest, so that the caller sees one kind of error.
    callErrors(),
    // Before the request id, which may be one of them.
    ...(metadata ? [defaultMetadata({ metadata })] : []),
    // Before all that may name the call.
    requestId(),
    // Once for each call.
    ...middleware,
    // One limit for all attempts.
    deadline(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(retries ? [retry(retries)] : []),
    // Anew for each attempt.
    ...(token !== undefined ? [bearerToken({ token })] : []),
  ];
}
