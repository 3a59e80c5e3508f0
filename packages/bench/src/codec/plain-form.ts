/**
 * A message in a form that is the same for every codec, to compare them: an integer of 64 bits is a number, a time is text, a map
 * an object, a oneof its member; what has its default is not there.
 */
export function plainForm(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(plainForm);
  if (isLong(value)) return value.toNumber();
  if (value instanceof Map) return plainForm(Object.fromEntries(value));
  const entries = Object.entries(value).flatMap(([key, item]) => plainProperties(key, item));
  const plain = Object.fromEntries(entries.filter(([, item]) => !isDefault(item)).toSorted(byKey));
  return isTime(plain) ? timeText(plain) : plain;
}

function plainProperties(key: string, value: unknown): [string, unknown][] {
  // protobuf-es's name of the type; pbf's name of the member that is set.
  if (key.startsWith("$") || (key === "payment" && typeof value === "string")) return [];
  const name = key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  if (typeof value === "object" && value !== null) {
    const member = ("$case" in value && value.$case) || ("case" in value && value.case);
    if (typeof member === "string") return [[member, plainForm((value as { value?: unknown }).value)]];
  }
  return [[name, plainForm(value)]];
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}

function isDefault(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === 0 || value === "" || value === false;
}

/** protobuf.js's form of an integer of 64 bits. */
function isLong(value: object): value is { toNumber(): number } {
  return "toNumber" in value;
}

/** No message of the rows but a Timestamp has these fields. */
function isTime(value: object): value is { seconds: number; nanos?: number } {
  return "seconds" in value;
}

function timeText({ seconds, nanos = 0 }: { seconds: number; nanos?: number }): string {
  return new Date(seconds * 1000 + nanos / 1e6).toISOString();
}
