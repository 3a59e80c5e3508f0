import { checkOptions, kindOf, rules, withoutStack, type RulesOf } from "@callwire/transport/server";
import type { MethodDescriptor } from "nice-grpc-common";
import { permissionDenied } from "../errors/factories.js";
import { isNamed, withSelections } from "../internal/method-selection.js";
import type { Middleware } from "../middleware.js";

/** Options for {@link requireRoles}. */
export interface RequireRolesOptions {
  /**
   * The roles that may call a method, by the method's name `pkg.Service/Method`, or `pkg.Service/*` for all others of a service. A
   * caller needs one of them. `true` lets every caller pass; an empty list lets nobody. The name of a method goes before that of its
   * service.
   */
  allow: Readonly<Record<string, string | readonly string[] | true>>;
}

const rolesRule = rules.rule(
  "a role, a list of roles, or true for every caller",
  (value) =>
    value === true ||
    typeof value === "string" ||
    (Array.isArray(value) && value.every((role) => typeof role === "string")),
);

const optionRules: RulesOf<RequireRolesOptions> = {
  allow: rules.required(
    rules.rule("an object of roles by method, such as { 'pkg.Service/*': 'reader' }", isAllowList),
  ),
};

function isAllowList(value: unknown): boolean {
  return rules.someOptions.accepts(value) && Object.values(value as object).every(rolesRule.accepts);
}

/**
 * Pure: the roles that may call a method, `true` for every caller.
 *
 * @throws {Error} if nothing is said of the method.
 */
function rolesFor(allow: RequireRolesOptions["allow"], { path }: MethodDescriptor): readonly string[] | true {
  const names = Object.keys(allow).filter((name) => isNamed(name, path));
  // The method's own name is no shorter than a pattern of its service.
  const name = names.find((each) => !each.endsWith("/*")) ?? names[0];
  if (name === undefined) {
    const service = path.slice(1, path.lastIndexOf("/"));
    throw new Error(
      `requireRoles: nothing says who may call ${path.slice(1)}: name it, or '${service}/*', in allow`,
    );
  }
  const roles = allow[name]!;
  return typeof roles === "string" ? [roles] : roles;
}

/**
 * Pure: the roles that a caller has.
 *
 * @throws {TypeError} if they are no list: of a text, a part would count as a role.
 */
function rolesOf(identity: { readonly roles?: unknown } | null | undefined): readonly unknown[] {
  const held = identity?.roles;
  if (Array.isArray(held)) return held;
  throw new TypeError(`requireRoles: the roles that verify gives are ${kindOf(held)}: they must be an array`);
}

/**
 * Lets only callers with a role of the method pass; others are PERMISSION_DENIED with the reason ROLE_MISSING. It decides before the
 * body is read. Place it after `auth`: anywhere else, it does not compile.
 *
 * No method can be forgotten: `add` throws for one that `allow` says nothing of, and `listen` for a name that no method has.
 */
export function requireRoles(
  options: RequireRolesOptions,
): Middleware<{}, { auth: { readonly roles: readonly string[] } }> {
  checkOptions("requireRoles", options, optionRules);
  const { allow } = options;
  const middleware: Middleware<{}, { auth: { readonly roles: readonly string[] } }> = {
    name: "requireRoles",
    for(method) {
      const roles = rolesFor(allow, method);
      if (roles === true) return undefined;
      const needed = roles.join(", ");
      const forMethod: Middleware<{}, { auth: { readonly roles: readonly string[] } }> = {
        name: "requireRoles",
        needs: ["auth"],
        arrived({ auth }) {
          const held = rolesOf(auth);
          if (roles.some((role) => held.includes(role))) return;
          const message =
            needed === "" ? "nobody may call this" : `the caller needs a role: ${roles.join(" or ")}`;
          throw withoutStack(() =>
            permissionDenied({ message, reason: "ROLE_MISSING", metadata: { roles: needed } }),
          );
        },
      };
      return forMethod;
    },
  };
  return withSelections(
    middleware,
    Object.keys(allow).map((name) => ({
      of: "requireRoles",
      names: [name],
      selects: ({ path }: MethodDescriptor) => isNamed(name, path),
    })),
  );
}
