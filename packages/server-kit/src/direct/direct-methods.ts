import type { DirectMethod } from "./direct-method.js";

/** Where a server has its methods. Copies of this package, as one for `import` and one for `require`, know one another's servers. */
const key = Symbol.for("callwire.directMethods");

const standardKey = Symbol.for("callwire.standardMethods");

/** Notes the methods of a server, which are added to later. @param standard Those of the services that it has by itself. */
export function keepDirectMethods(
  server: object,
  methods: () => readonly DirectMethod[],
  standard: readonly DirectMethod[],
): void {
  Object.defineProperty(server, key, { value: methods });
  Object.defineProperty(server, standardKey, { value: standard });
}

/**
 * The methods of the services that a server has by itself, to be called as {@link directMethods}: health, and reflection if it is on.
 * No middleware runs around them.
 *
 * @param server Made by `createServer`. An older one's are not known.
 */
export function standardMethods(server: object): readonly DirectMethod[] {
  return (server as { [standardKey]?: readonly DirectMethod[] })[standardKey] ?? [];
}

/**
 * The methods of a server's services, in the order of their `add`: to be called in its process, with its middleware and without
 * gRPC. Health and reflection are {@link standardMethods}. The server need not listen.
 *
 * @param server Made by `createServer`, with its services added.
 * @throws {TypeError} if it was not made by `createServer` of this package.
 * @throws {Error} for a name in the middleware that no method has, as `listen` does.
 */
export function directMethods(server: object): readonly DirectMethod[] {
  const methods = (server as { [key]?: () => readonly DirectMethod[] })[key];
  if (methods === undefined) throw new TypeError("directMethods: this is no server of @callwire/server-kit");
  return [...methods()];
}
