import type { DirectMethod } from "./direct-method.js";

const methodsOfServers = new WeakMap<object, () => readonly DirectMethod[]>();

/** Notes the methods of a server, which are added to later. */
export function keepDirectMethods(server: object, methods: () => readonly DirectMethod[]): void {
  methodsOfServers.set(server, methods);
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
  const methods = methodsOfServers.get(server);
  if (methods === undefined) throw new TypeError("directMethods: this is no server of @callwire/server-kit");
  return [...methods()];
}
