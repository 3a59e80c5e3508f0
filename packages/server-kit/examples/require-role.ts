import { permissionDenied } from "@callwire/server-kit";
import type { ServerMiddleware } from "nice-grpc-common";

/** Lets only callers with a role pass. Place it after `auth`: anywhere else, it does not compile. */
export function requireRole(role: string): ServerMiddleware<{}, { auth: { roles: readonly string[] } }> {
  return async function* requireRole(call, context) {
    if (!context.auth.roles.includes(role)) throw permissionDenied({ metadata: { role } });
    return yield* call.next(call.request, context);
  };
}
