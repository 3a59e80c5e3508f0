import type { AnyFieldType } from "./field-type.js";
import type { JsonSink } from "./json/json-sink.js";
import type { JsonSource } from "./json/json-source.js";
import { messageType, type MessageType } from "./message-type.js";
import type { Reader } from "./reader.js";
import { fieldsIn, numbersIn, unknownBytes } from "./unknown-numbers.js";
import { unknownFields } from "./unknown-fields-key.js";
import { unknownFieldsOf } from "./unknown-fields.js";
import type { Writer } from "./writer.js";

/** A message that has the value of an extension as its only field. */
export interface ExtensionValue<T> {
  value: T;
}

/** The parts of an extension, as generated code states them. */
export interface ExtensionCode<T> {
  /** Full name in the contract, as `users.nickname`. */
  readonly name: string;
  /** Full name of the message that it adds to. */
  readonly extendee: string;
  readonly number: number;
  readonly kind: AnyFieldType;
  create(): ExtensionValue<T>;
  write(message: ExtensionValue<T>, writer: Writer): void;
  read(message: ExtensionValue<T>, reader: Reader): void;
}

/**
 * A field that a contract adds to a message of another one (proto2 and editions, "Extensions"): what generated code exports
 * under the extension's name.
 */
export interface Extension<Extendee, T> {
  /** Full name in the contract, as `users.nickname`. */
  readonly name: string;
  /** Full name of the message that it adds to. */
  readonly extendee: string;
  readonly number: number;
  /** The type of the field alone. */
  readonly type: MessageType<ExtensionValue<T>>;
  /** True if null is a value of it: Value and NullValue. */
  readonly takesNull: boolean;
  /** Writes the value in JSON. */
  writeJson(message: object, sink: JsonSink): void;
  /** Reads the value in JSON into a message. */
  readJson(message: object, source: JsonSource): void;
  /** No property: what the compiler checks. */
  readonly of?: Extendee;
}

/** Makes an extension from its code. Called by generated code. */
export function extension<Extendee extends object, T>(code: ExtensionCode<T>): Extension<Extendee, T> {
  const { name, extendee, number, kind } = code;
  const type = messageType<ExtensionValue<T>>({ ...code, fields: () => ({ value: kind }) });
  const made: Extension<Extendee, T> = {
    name,
    extendee,
    number,
    type,
    takesNull: kind.takesNull === true,
    writeJson: (message, sink) => kind.writeJson(getExtension(message as Extendee, made), sink),
    readJson(message, source) {
      const value = kind.readJson(source) as T | undefined;
      if (value !== undefined) setExtension(message as Extendee, made, value);
    },
  };
  return made;
}

// An extension that was read stands among the unknown fields of its message, and so does one that is set.

/**
 * The value of an extension in a message.
 *
 * @returns Undefined, or an empty list, if the message does not have it.
 * @throws {ProtobufError} if what the message has is no such value.
 */
export function getExtension<Extendee extends object, T>(
  message: Extendee,
  { type }: Extension<Extendee, T>,
): T {
  return type.decode(unknownBytes(message)).value;
}

/** True if a message has an extension. */
export function hasExtension<Extendee extends object, T>(
  message: Extendee,
  { number }: Extension<Extendee, T>,
): boolean {
  return numbersIn(message).has(number);
}

/** Sets an extension in a message, in place of what it had. */
export function setExtension<Extendee extends object, T>(
  message: Extendee,
  extension: Extension<Extendee, T>,
  value: T,
): void {
  clearExtension(message, extension);
  unknownFieldsOf(message).add(extension.type.encode({ value }).finish());
}

/** Removes an extension from a message. */
export function clearExtension<Extendee extends object, T>(
  message: Extendee,
  { number }: Extension<Extendee, T>,
): void {
  if (!numbersIn(message).has(number)) return;
  const bytes = unknownBytes(message);
  // What was read of the old ones stays as it is.
  (message as { [unknownFields]?: unknown })[unknownFields] = undefined;
  for (const field of fieldsIn(bytes)) {
    if (field.number !== number) unknownFieldsOf(message).add(bytes, field.start, field.end);
  }
}
