/**
 * The function that an implementation has for a method; undefined if it has none. An object's class may have it, but not what
 * every object inherits: `toString` and `constructor` are names that a method may have.
 */
export function handlerOf(implementation: object, name: string): ((...args: never[]) => unknown) | undefined {
  // A class is the constructor of its objects, and no handler.
  if (name === "constructor" && !Object.hasOwn(implementation, name)) return undefined;
  const handler = (implementation as Record<string, unknown>)[name];
  if (handler === (Object.prototype as unknown as Record<string, unknown>)[name]) return undefined;
  return typeof handler === "function" ? (handler as () => unknown) : undefined;
}
