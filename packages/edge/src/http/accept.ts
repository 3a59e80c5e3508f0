import { pairOf, partsOf } from "./header-list.js";

/** Pure: what a field like `accept` names, in lower case, with its weight (RFC 9110, section 12.4.2). */
export function weightsOf(accept: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const part of partsOf(accept)) {
    const [name = "", ...parameters] = partsOf(part, ";");
    const weight = parameters.map(pairOf).find(([key]) => key === "q")?.[1] ?? "1";
    // What is no weight says nothing.
    if (/^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(weight)) weights.set(name.toLowerCase(), Number(weight));
  }
  return weights;
}

/**
 * Pure: true if `accept` names a media type, and wants nothing more that there is (RFC 9110, section 12.5.1). A range like `*` names none.
 *
 * @param others The types that there are instead.
 */
export function prefers(accept: string | undefined, type: string, others: readonly string[]): boolean {
  if (accept === undefined) return false;
  const weights = weightsOf(accept);
  const wanted = weights.get(type) ?? 0;
  const any = weights.get("*/*") ?? 0;
  const weightOf = (other: string): number =>
    weights.get(other) ?? weights.get(other.replace(/\/.*/, "/*")) ?? any;
  return wanted > 0 && others.every((other) => weightOf(other) <= wanted);
}
