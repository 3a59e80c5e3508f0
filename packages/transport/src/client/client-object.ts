type Method = (request: never, options?: never) => unknown;
type Resolve = (client: object) => void;

/**
 * Makes a client of its methods, by name. Every name that protobuf allows is the object's own property, `__proto__` too.
 *
 * A method named `then` makes no promise of the client: what waits for one calls `then` with functions, which no request is,
 * and gets the client itself.
 */
export function clientObject(
  methods: Iterable<readonly [name: string, method: Method]>,
): Record<string, Method> {
  const client = Object.fromEntries(methods);
  if (Object.hasOwn(client, "then")) defineThen(client, client["then"]!);
  return client;
}

function defineThen(client: object, method: Method): void {
  let isAsked = false;
  const then = (request: unknown, options?: unknown) => {
    if (typeof request !== "function") return method(request as never, options as never);
    // To settle, a promise asks once more for `then`.
    isAsked = true;
    try {
      (request as Resolve)(client);
    } finally {
      isAsked = false;
    }
    return undefined;
  };
  // oxlint-disable-next-line unicorn/no-thenable -- a contract may have a method of that name
  Object.defineProperty(client, "then", {
    get: () => (isAsked ? undefined : then),
    enumerable: true,
    configurable: true,
  });
}
