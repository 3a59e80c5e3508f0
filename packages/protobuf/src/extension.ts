import type { RegisteredType } from "./proto-json/json-context.js";
import { Reader } from "./reader.js";
import { unknownFields, unknownFieldsOf, type UnknownFields } from "./unknown-fields.js";

/** A message that has the value of an extension as its only field. */
export interface ExtensionValue<T> {
  value: T;
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
  readonly type: RegisteredType & {
    encode(message: ExtensionValue<T>): { finish(): Uint8Array };
    decode(bytes: Uint8Array): ExtensionValue<T>;
  };
  /** No property: what the types check. */
  readonly of?: Extendee;
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
  return type.decode(
    (message as { [unknownFields]?: UnknownFields })[unknownFields]?.bytes ?? new Uint8Array(0),
  ).value;
}

/** True if a message has an extension. */
export function hasExtension<Extendee extends object, T>(
  message: Extendee,
  extension: Extension<Extendee, T>,
): boolean {
  return numbersIn(message).has(extension.number);
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
  const { bytes } = unknownFieldsOf(message);
  const kept = [...fieldsIn(bytes)].filter((field) => field.number !== number);
  unknownFieldsOf(message).replace(kept.map(({ start, end }) => bytes.slice(start, end)));
}

/** The numbers of the unknown fields of a message. */
export function numbersIn(message: object): Set<number> {
  const unknown = (message as { [unknownFields]?: UnknownFields })[unknownFields];
  return new Set(unknown && Array.from(fieldsIn(unknown.bytes), ({ number }) => number));
}

function* fieldsIn(bytes: Uint8Array): Generator<{ number: number; start: number; end: number }> {
  const reader = new Reader(bytes);
  while (reader.position < reader.limit) {
    const start = reader.position;
    const tag = reader.tag();
    reader.skip(tag);
    yield { number: tag >>> 3, start, end: reader.position };
  }
}
