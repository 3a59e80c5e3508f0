import type { Native } from "./codec.js";

/** The ways in which a codec's form of a message differs from callwire's: a Date, bigint, Map, `{ $case, value }`. */
export interface NativeForm {
  /** Default: a Date. */
  date?: (date: Date) => unknown;
  /** Default: a bigint. */
  int64?: (value: bigint) => unknown;
  /** Default: bytes. */
  bytes?: (bytes: Uint8Array) => unknown;
  /** True if a map is a Map. Otherwise it is an object. */
  maps?: boolean;
  /** The properties of a oneof. Default: the member, by its name. */
  oneof?: (name: string, member: string, value: unknown) => readonly (readonly [string, unknown])[];
  /** The name of a property. Default: its name in callwire's form. */
  key?: (name: string) => string;
}

/** A message that is given in callwire's form, in another form. */
export function toNative(message: Native, form: NativeForm): Native {
  const entries = Object.entries(message).flatMap(([name, value]) => properties(name, value, form));
  return literal(entries.map(([name, value]) => [form.key?.(name) ?? name, value]));
}

function properties(name: string, value: unknown, form: NativeForm): readonly (readonly [string, unknown])[] {
  if (!isOneof(value)) return [[name, convert(value, form)]];
  const member = convert(value.value, form);
  return form.oneof?.(name, value.$case, member) ?? [[value.$case, member]];
}

function convert(value: unknown, form: NativeForm): unknown {
  if (typeof value === "bigint") return form.int64?.(value) ?? value;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return form.date?.(value) ?? value;
  if (value instanceof Uint8Array) return form.bytes?.(value) ?? value;
  if (Array.isArray(value)) return value.map((item) => convert(item, form));
  if (value instanceof Map) {
    const entries = Array.from(
      value as Map<string, unknown>,
      ([key, item]) => [key, convert(item, form)] as const,
    );
    return form.maps === true ? new Map(entries) : Object.fromEntries(entries);
  }
  return toNative(value, form);
}

function isOneof(value: unknown): value is { $case: string; value: unknown } {
  return typeof value === "object" && value !== null && "$case" in value;
}

const makers = new Map<string, (values: readonly unknown[]) => Native>();

/** An object as a literal makes it: one that is filled key by key is laid out otherwise in memory, and is slower. */
function literal(entries: readonly (readonly [string, unknown])[]): Native {
  const body = entries.map(([key], index) => `${JSON.stringify(key)}: v[${index}]`).join(", ");
  let make = makers.get(body);
  if (make === undefined) {
    // oxlint-disable-next-line typescript/no-implied-eval -- the keys are those of the bench's own messages
    make = new Function("v", `return { ${body} };`) as (values: readonly unknown[]) => Native;
    makers.set(body, make);
  }
  return make(entries.map(([, value]) => value));
}
