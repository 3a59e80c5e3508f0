import { nearestName } from "@callwire/transport/server";

/** Pure: the methods without a handler, each with the function that has nearly its name and is none of a method, if there is one. */
export function missingHandlers(
  missing: readonly string[],
  implementation: object,
  methods: ReadonlyMap<string, unknown>,
): string {
  const others = functionNames(implementation).filter((name) => !methods.has(name));
  return missing
    .map((name) => {
      const wrong = nearestName(name, others);
      return wrong === undefined ? name : `${name} (is '${wrong}' misspelt?)`;
    })
    .join(", ");
}

/** The names of an object's functions, those of its class too. */
function functionNames(object: object): string[] {
  const names: string[] = [];
  for (let each: object | null = object; each !== null && each !== Object.prototype;) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(each))) {
      if (typeof value === "function" && name !== "constructor") names.push(name);
    }
    each = Object.getPrototypeOf(each) as object | null;
  }
  return names;
}
