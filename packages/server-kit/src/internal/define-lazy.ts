import type { ServerCallContext } from "@callwire/transport";

/** Adds a part to the contexts of a class that is made when it is first read, and then is a property of its context. */
export function defineLazy(
  prototype: object,
  name: string,
  make: (call: ServerCallContext) => unknown,
): void {
  const keep = (call: object, value: unknown) =>
    Object.defineProperty(call, name, { value, writable: true, enumerable: true, configurable: true });
  Object.defineProperty(prototype, name, {
    get(this: ServerCallContext) {
      const value = make(this);
      keep(this, value);
      return value;
    },
    set(this: ServerCallContext, value: unknown) {
      keep(this, value);
    },
    configurable: true,
  });
}
