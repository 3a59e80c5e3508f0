import {
  fieldMask,
  fromJsonText,
  listValue,
  struct,
  value,
  type AnyFieldType,
  type JsonReadOptions,
} from "@callwire/protobuf";
import type { AnyMessageType } from "./field-path.js";

/** The types that are JSON by themselves. */
const jsonTypes: ReadonlySet<AnyFieldType> = new Set<AnyFieldType>([struct, value, listValue]);
const jsonTypeNames: ReadonlySet<string> = new Set([
  "google.protobuf.Struct",
  "google.protobuf.Value",
  "google.protobuf.ListValue",
  "google.protobuf.Any",
]);

/** A kind of fields whose value in a URL is not its value in JSON without the quotes. */
export interface TextForm {
  /** Turns a value of the URL into the text that JSON has. */
  readonly toJson?: (text: string) => string;
  /** Reads a value by itself. */
  readonly read?: (text: string, options: JsonReadOptions) => unknown;
}

/** The form that fields of a type have in URLs; undefined for that of JSON without the quotes. */
export function textFormOf(type: AnyFieldType): TextForm | undefined {
  const { typeName } = type as Partial<AnyMessageType>;
  if (jsonTypes.has(type) || (typeName !== undefined && jsonTypeNames.has(typeName)))
    return { read: (text, options) => fromJsonText<unknown>(type, text, options) };
  if (isFieldMask(type)) return { toJson: maskToJson };
  return typeName === "google.protobuf.Duration" ? { toJson: durationToJson } : undefined;
}

/** True for the type of one google.protobuf.FieldMask. */
export function isFieldMask(type: AnyFieldType): boolean {
  return type === fieldMask || (type as Partial<AnyMessageType>).typeName === "google.protobuf.FieldMask";
}

/** A mask may have the names of the contract in a URL: JSON has its own alone. */
function maskToJson(text: string): string {
  return text.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
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
