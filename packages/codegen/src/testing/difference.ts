import { inspect } from "node:util";

/**
 * Where two values of JSON, or of a message, differ first: its path and both. Undefined if they are alike. Numbers are compared
 * as floats: protobuf-es writes all digits that a double has of a float, and we those that a float needs. Negative zero is a text
 * with us: `JSON.stringify` would lose its sign.
 */
export function difference(ours: unknown, theirs: unknown, path = ""): string | undefined {
  if (
    typeof ours === "number" &&
    typeof theirs === "number" &&
    Object.is(Math.fround(ours), Math.fround(theirs))
  )
    return undefined;
  if (ours === "-0" && Object.is(theirs, -0)) return undefined;
  if (typeof ours !== "object" || typeof theirs !== "object" || ours === null || theirs === null) {
    return Object.is(ours, theirs)
      ? undefined
      : `${path || "all"}: ours ${show(ours)}, theirs ${show(theirs)}`;
  }
  for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const [mine, other] = [ours, theirs].map((each) =>
      Object.hasOwn(each, key) ? (each as Record<string, unknown>)[key] : undefined,
    );
    const found = difference(mine, other, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function show(value: unknown): string {
  if (Object.is(value, -0)) return "-0";
  return inspect(value, { depth: 2, breakLength: Infinity }).slice(0, 200);
}
