import type { CallContext, MethodDescriptor, ServerMiddleware, ServerMiddlewareCall } from "nice-grpc-common";
import { arrivalHooksOf, withArrivalHooks } from "../arrival.js";

/**
 * Says which methods: `users.UserService/GetUser`, all of a service by `users.UserService/*`, a function, or several of
 * these.
 */
export type MethodMatch = string | ((method: MethodDescriptor) => boolean) | readonly MethodMatch[];

/** Whether a method is among those that `match` says. */
export function matchesMethod(match: MethodMatch, method: MethodDescriptor): boolean {
  if (typeof match === "function") return match(method);
  if (typeof match !== "string") return match.some((one) => matchesMethod(one, method));
  return match.endsWith("/*")
    ? method.path.startsWith(`/${match.slice(0, -1)}`)
    : method.path === `/${match}`;
}

/** All methods but those that `match` says. */
export function except(match: MethodMatch): MethodMatch {
  return (method) => !matchesMethod(match, method);
}

/** Runs a middleware only for the methods that `match` says; for others its context is missing. */
export function forMethods<Ext, Required>(
  match: MethodMatch,
  middleware: ServerMiddleware<Ext, Required>,
): ServerMiddleware<Partial<Ext>, Required> {
  const hooks = arrivalHooksOf(middleware);
  return withArrivalHooks<Partial<Ext>, Required>(
    async function* forMethods<Request, Response>(
      call: ServerMiddlewareCall<Request, Response, Partial<Ext> & Required>,
      context: CallContext & Required,
    ) {
      if (!matchesMethod(match, call.method)) {
        return yield* call.next(call.request, context as CallContext & Required & Partial<Ext>);
      }
      return yield* middleware(call as ServerMiddlewareCall<Request, Response, Ext & Required>, context);
    },
    {
      admit: (call) => (matchesMethod(match, call.method) ? hooks?.admit?.(call) : undefined),
      refused: (call, refusal) => {
        if (matchesMethod(match, call.method)) hooks?.refused?.(call, refusal);
      },
    },
  );
}
