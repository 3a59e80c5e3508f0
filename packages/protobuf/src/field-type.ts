import type { JsonSink } from "./json/json-sink.js";
import type { JsonSource } from "./json/json-source.js";

/**
 * The kind of a field: all that differs from field to field outside the binary format. Generated code lists one for each
 * field of a message; a message type is one too. What a program does not import is not in its bundle.
 */
export interface FieldType<T> {
  /**
   * True if a field of this value is not in JSON: a field without presence that has its default, a field with presence
   * that is undefined, an empty list or map.
   */
  isAbsent(value: T | undefined): boolean;

  /** The value that `fromPartial` sets for one that was given, a copy as deep as the message is. Not called with null or undefined. */
  fromPartial(value: unknown): T;

  /**
   * Writes a value that is not absent.
   *
   * @throws {JsonError} if it has no form in JSON.
   */
  writeJson(value: T, sink: JsonSink): void;

  /**
   * Reads the value that the source stands before. Not called with null, unless `takesNull`. With `ignoreUnknownFields`, an enum
   * returns undefined for a name that it does not have: to pass over.
   *
   * @throws {JsonError} if it is no such value.
   */
  readJson(source: JsonSource): T;

  /**
   * Makes numbers of JSON the items of a list, in place. Undefined for types whose values are no numbers there.
   *
   * @returns False if one of them is no number, or no such value: `readJson` says what it is.
   */
  fromNumbers?(numbers: unknown[]): boolean;

  /**
   * The numbers that JSON has for the items of a list. Undefined for types whose values are no numbers there.
   *
   * @returns Undefined if there is none for one of them: `writeJson` writes that one, or says what it is.
   */
  toNumbers?(values: readonly T[]): readonly number[] | undefined;

  /** Repeated, or a map: seen from outside, their fields take several values. Undefined for one value. */
  readonly shape?: "list" | "map";

  /** True if null is a value of the field, and not a sign that it is absent: Value and NullValue. */
  readonly takesNull?: boolean;

  /** True for a message of wrappers.proto that is seen as its `value`. */
  readonly isWrapper?: boolean;
}

// Kinds of any value stand in one list, and are called through it.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyFieldType = FieldType<any>;

/** The fields of a message, as generated code states them: the kind of each by the name of its property. */
export type FieldTypes = Readonly<Record<string, AnyFieldType | NamedField | OneofFields>>;

/** A field whose other names do not follow from that of its property. */
export interface NamedField {
  readonly type: AnyFieldType;
  /** Name in the contract. */
  readonly name: string;
  readonly jsonName: string;
}

/** The fields of a oneof, by the names of their properties or of the values of `$case`. */
export interface OneofFields {
  readonly oneof: Readonly<Record<string, AnyFieldType | NamedField>>;
  /** True if the members are properties of the message, each by itself. */
  readonly isFlat: boolean;
}

/** A field whose other names do not follow from that of its property. Called by generated code. */
export function named(type: AnyFieldType, name: string, jsonName: string): NamedField {
  return { type, name, jsonName };
}

/** The members of a oneof that is seen as one property, `{ $case, value }`. Called by generated code. */
export function oneof(fields: object): OneofFields {
  return { oneof: fields as OneofFields["oneof"], isFlat: false };
}

/** The members of a oneof that are seen as properties. Called by generated code. */
export function members(fields: object): OneofFields {
  return { oneof: fields as OneofFields["oneof"], isFlat: true };
}
