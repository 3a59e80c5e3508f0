import type { JsonContext, JsonValue } from "./json-context.js";

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

  /** True if the field knows whether it was set: its default is undefined. */
  readonly hasPresence?: boolean;

  /** True for bool, which the keys of a map have as text. */
  readonly isBool?: boolean;

  /** The value that `fromPartial` sets for one that was given, a copy as deep as the message is. Not called with null or undefined. */
  fromPartial(value: unknown): T;

  /**
   * A value in JSON.
   *
   * @throws {JsonError} if it has no form there.
   */
  toJson(value: T, context: JsonContext): JsonValue;

  /**
   * Reads a value in JSON. Not called with null, unless `takesNull`.
   *
   * @returns Undefined for one to pass over: the name of an enum's value that the enum does not have.
   * @throws {JsonError} if it is no such value.
   */
  fromJson(json: unknown, context: JsonContext): T | undefined;

  /** True if null is a value of the field, and not a sign that it is absent: Value and NullValue. */
  readonly takesNull?: boolean;
}

// Kinds of any value stand in one list, and are called through it.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyFieldType = FieldType<any>;

/**
 * A field of a message, as generated code states it: its name in the contract; its kind; and, where they do not follow from
 * the name, the name of the property and the name in JSON.
 */
export type FieldEntry = readonly [name: string, type: AnyFieldType, property?: string, jsonName?: string];

/** The fields of a oneof: a property `{ $case, value }`, or with `flat`, a property for each of them. */
export interface OneofEntry {
  /** Name of the property. */
  readonly oneof: string;
  readonly fields: readonly FieldEntry[];
  readonly flat?: boolean;
}
