import { permissionDenied, type Middleware } from "@callwire/server-kit";

/** Lets only callers with a role pass. Place it after `auth`: anywhere else, it does not compile. */
export function requireRole(role: string): Middleware<{}, { auth: { roles: readonly string[] } }> {
  return {
    name: "requireRole",
    needs: ["auth"],
    arrived(call) {
      if (!call.auth.roles.includes(role)) throw permissionDenied({ metadata: { role } });
    },
  };
}
