import type { DirectMethod } from "./direct-method.js";

/** Where a server has its methods. Copies of this package, as one for `import` and one for `require`, know one another's servers. */
const key = Symbol.for("callwire.directMethods");

/** Notes the methods of a server, which are added to later. */
export function keepDirectMethods(server: object, methods: () => readonly DirectMethod[]): void {
  Object.defineProperty(server, key, { value: methods });
}

/**
 * The methods of a server's services, in the order of their `add`: to be called in its process, with its middleware and without
 * gRPC. Health and reflection are not among them. The server need not listen.
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
