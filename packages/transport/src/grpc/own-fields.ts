// Fields whose names every object inherits from Object.prototype, such as `toString` or `constructor`: generated code finds a
// function where a partial message has no such field.

/** Pure: the names of a message's own fields that every object inherits. */
export function inheritedNames(message: unknown): readonly string[] {
  if (typeof message !== "object" || message === null) return [];
  return Object.getOwnPropertyNames(message).filter((name) => name in Object.prototype);
}

/** Pure: true if a message lacks one of these fields, and inherits what stands under its name. */
export function inheritsField(message: unknown, names: readonly string[]): boolean {
  if (typeof message !== "object" || message === null) return false;
  return names.some((name) => !Object.hasOwn(message, name));
}

/** Pure: a copy of a partial message whose plain objects inherit nothing, at any depth. */
export function withOwnFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOwnFields);
  if (value instanceof Map) return new Map(Array.from(value, ([key, each]) => [key, withOwnFields(each)]));
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    return value;
  }
  const copy = Object.create(null) as Record<string, unknown>;
  for (const [name, field] of Object.entries(value)) copy[name] = withOwnFields(field);
  return copy;
}
