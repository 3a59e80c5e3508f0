import type { AnyFieldType, FieldType } from "../field-type.js";
import { isNot } from "./json-error.js";
import { quotedOf } from "./quoted.js";
import { int32 } from "./scalar-types.js";

/** Options for {@link enumeration}. */
export interface EnumerationOptions {
  /** True for an enum of proto2: a number that it does not name is refused. Default: false, such a number is taken. */
  readonly closed?: boolean;
}

/** The number of names that a text is compared with before it is looked up. */
const COMPARED = 8;

/** A field of an enum that is seen as its numbers. Of names that share a number, the first is written. */
export function enumeration(
  type: Readonly<Record<string, number>>,
  { closed = false }: EnumerationOptions = {},
): AnyFieldType {
  // Made when they are needed first.
  let first: { readonly quoted: readonly Uint8Array[]; readonly numbers: readonly number[] } | undefined;
  let numbers: ReadonlyMap<unknown, number> | undefined;
  let names: ReadonlyMap<unknown, string> | undefined;
  const numbersByName = (): ReadonlyMap<unknown, number> => (numbers ??= new Map(Object.entries(type)));
  const namesByNumber = (): ReadonlyMap<unknown, string> =>
    // Of entries that share a key, a Map keeps the last.
    (names ??= new Map(
      Object.keys(type)
        .toReversed()
        .map((name): [unknown, string] => [type[name], name]),
    ));
  return {
    isAbsent: (value: number | undefined) => !value,
    fromPartial: (value) => value,
    writeJson(value: number, sink) {
      const name = sink.options.enumsAsIntegers ? undefined : namesByNumber().get(value);
      if (name === undefined) int32.writeJson(value, sink);
      else sink.string(name);
    },
    readJson(source) {
      first ??= firstOf(type);
      const index = source.oneOf?.(first.quoted) ?? -1;
      if (index >= 0) return first.numbers[index];
      const isName = source.type() === "string";
      const given = isName ? source.string() : int32.readJson(source);
      const number = isName
        ? numbersByName().get(given)
        : closed && !namesByNumber().has(given)
          ? undefined
          : given;
      if (number !== undefined) return number;
      // Undefined is passed over by what the field stands in.
      if (source.options.ignoreUnknownFields) return undefined as never;
      throw isNot("a value of the enum", given, Object.keys(type));
    },
  };
}

/** The first names of an enum, and their numbers. */
function firstOf(type: Readonly<Record<string, number>>): { quoted: Uint8Array[]; numbers: number[] } {
  const quoted: Uint8Array[] = [];
  const numbers: number[] = [];
  for (const [name, number] of Object.entries(type).slice(0, COMPARED)) {
    const bytes = quotedOf(name);
    if (bytes.length === 0) continue;
    quoted.push(bytes);
    numbers.push(number);
  }
  return { quoted, numbers };
}

/** A field of google.protobuf.NullValue, seen as its only number: null in JSON. */
export const nullValue: FieldType<0> = {
  takesNull: true,
  isAbsent: (value) => !value,
  fromPartial: () => 0,
  writeJson: (_, sink) => sink.null(),
  readJson(source) {
    if (source.null()) return 0;
    const given = source.number();
    if (given !== "NULL_VALUE" && given !== 0) throw isNot("null", given);
    return 0;
  },
};
