import {
  date,
  fieldMask,
  fromJsonText,
  JsonError,
  listValue,
  nullValue,
  struct,
  value,
  type AnyFieldType,
  type JsonReadOptions,
} from "@callwire/protobuf";
import type { AnyMessageType } from "./field-path.js";
import { shown } from "./shown.js";

/** The types that are JSON by themselves. */
const jsonTypes: ReadonlySet<AnyFieldType> = new Set<AnyFieldType>([struct, value, listValue]);
const jsonTypeNames: ReadonlySet<string> = new Set([
  "google.protobuf.Struct",
  "google.protobuf.Value",
  "google.protobuf.ListValue",
  "google.protobuf.Any",
]);

/** Reads a field's value, or an item of a list or a map, by a text of the URL that is not its JSON without the quotes. */
export type TextForm = (text: string, options: JsonReadOptions) => unknown;

/** The form that values of a type have in URLs; undefined for that of JSON without the quotes. */
export function textFormOf(type: AnyFieldType): TextForm | undefined {
  const { typeName } = type as Partial<AnyMessageType>;
  if (jsonTypes.has(type) || (typeName !== undefined && jsonTypeNames.has(typeName)))
    return (text, options) => fromJsonText<unknown>(type, text, options);
  if (isFieldMask(type)) return (text) => maskOf(type, pathsOf(text));
  if (type.readJson === nullValue.readJson) return readNull;
  if (type === date || typeName === "google.protobuf.Timestamp")
    return (text, options) => fromJsonText<unknown>(type, JSON.stringify(unquoted(text)), options);
  if (typeName !== "google.protobuf.Duration") return undefined;
  return (text, options) =>
    fromJsonText<unknown>(type, JSON.stringify(durationToJson(unquoted(text))), options);
}

/** A time may have the quotes that it has in JSON, for clients of grpc-gateway. */
function unquoted(text: string): string {
  return /^"[^"]*"$/.test(text) ? text.slice(1, -1) : text;
}

/** True for the type of one google.protobuf.FieldMask. */
export function isFieldMask(type: AnyFieldType): boolean {
  return type === fieldMask || (type as Partial<AnyMessageType>).typeName === "google.protobuf.FieldMask";
}

/** A mask of paths. A field has the paths alone, or the whole message. */
export function maskOf(type: AnyFieldType, paths: string[]): unknown {
  return "create" in type ? { ...((type as AnyMessageType).create() as object), paths } : paths;
}

/** Names between points; `*` is all of them (AIP-134), or each item (AIP-161). */
const MASK_PATH = /^(?:\*|\w+)(?:\.(?:\*|\w+))*$/;

/** A mask may have the names of the contract in a URL, which JSON has no form for, if an underscore stands before what is no letter. */
function pathsOf(text: string): string[] {
  if (text === "") return [];
  return text.split(",").map((path) => {
    if (!MASK_PATH.test(path)) throw new JsonError(`not a path of names: ${shown(path)}`);
    return path.split(".").map(nameOf).join(".");
  });
}

/** The name in the contract. One with an underscore, or that begins with a capital, is no name in JSON. */
function nameOf(name: string): string {
  return /_|^[A-Z]/.test(name) ? name : name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Null has JSON's form, and those of an enum. */
function readNull(text: string): 0 {
  if (text !== "null" && text !== "NULL_VALUE" && text !== "0")
    throw new JsonError(`not null: ${shown(text)}`);
  return 0;
}

const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** More digits of a fraction say nothing: an hour has fewer nanoseconds. */
const MAX_FRACTION_DIGITS = 15;

/** A duration as Go writes it, `1h30m`, is taken too, for clients of grpc-gateway. */
function durationToJson(text: string): string {
  if (/^-?\d+(?:\.\d+)?s$/.test(text)) return text;
  // A client must not gain time by it: no two of its parts take the same digits.
  const [, sign, parts] = /^([+-]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text) ?? [];
  if (parts === undefined) return text;
  let ns = 0n;
  for (const [, number = "", unit = ""] of parts.matchAll(/([\d.]+)([a-zµμ]+)/g)) {
    const [whole = "", fraction = ""] = number.split(".");
    if (whole.length > 15) return text;
    const size = BigInt(UNIT_NS[unit]!);
    const digits = fraction.slice(0, MAX_FRACTION_DIGITS);
    ns += BigInt(whole || "0") * size + (BigInt(digits || "0") * size) / 10n ** BigInt(digits.length);
  }
  const fraction = String(ns % 1_000_000_000n).padStart(9, "0");
  return `${sign === "-" ? "-" : ""}${ns / 1_000_000_000n}.${fraction}s`;
}
