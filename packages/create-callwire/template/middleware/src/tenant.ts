import { invalidArgument, permissionDenied, type Middleware } from "@callwire/server-kit";

/** Options for {@link tenant}. */
export interface TenantOptions {
  /** Says if there is such a tenant; calls of others are refused. */
  isKnown: (tenant: string) => boolean | Promise<boolean>;
}

/** What {@link tenant} adds to the context of a call. */
export interface TenantContext {
  /** The tenant that the call is for. */
  tenant: string;
}

/** Pure: the tenant that a header names; INVALID_ARGUMENT if it names none. */
export function tenantOf(header: string | undefined): string {
  if (header !== undefined && /^[a-z][a-z0-9-]{0,62}$/.test(header)) return header;
  const description = "must be 1 to 63 lower-case letters, digits and dashes";
  throw invalidArgument({ violations: [{ field: "x-tenant", description }] });
}

/** Reads the tenant of each call from `x-tenant`. Place it after `errorBoundary`, or after `defaultMiddleware`. */
export function tenant({ isKnown }: TenantOptions): Middleware<TenantContext> {
  return {
    name: "tenant",
    adds: ["tenant"],
    async arrived(call) {
      const named = tenantOf(call.metadata.get("x-tenant"));
      if (!(await isKnown(named))) throw permissionDenied({ metadata: { tenant: named } });
      call.tenant = named;
    },
  };
}
