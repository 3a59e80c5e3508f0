import { allocate, utf8Write } from "#text";
import type { FieldType } from "../field-type.js";
import type { JsonReadOptions, JsonWriteOptions } from "./options.js";
import { TextSink } from "./text-sink.js";
import { TextSource } from "./text-source.js";
import { checkText } from "./values.js";

/** The most memory that is kept for the next text, in bytes. */
const RETAINED_BYTES = 256 * 1024;

let idleMemory: Uint8Array | undefined;

/**
 * A message as JSON text: as `JSON.stringify(type.toJSON(message))`, and quicker.
 *
 * @throws {JsonError} with the path of the field, for a value that has no form in JSON.
 */
export function toJsonText<T>(type: FieldType<T>, message: T, options?: JsonWriteOptions): string {
  const sink = new TextSink(options);
  type.writeJson(message, sink);
  return sink.finishText();
}

/**
 * A message as JSON text in UTF-8.
 *
 * @throws {JsonError} with the path of the field, for a value that has no form in JSON.
 */
export function toJsonBytes<T>(type: FieldType<T>, message: T, options?: JsonWriteOptions): Uint8Array {
  const sink = new TextSink(options);
  type.writeJson(message, sink);
  return sink.finishBytes();
}

/**
 * Reads a message from JSON text: as `type.fromJSON(JSON.parse(text))`, quicker and stricter. A field that is there twice is
 * refused, and integers of 64 bits are exact without quotes too.
 *
 * @param json Text, or its bytes in UTF-8.
 * @throws {JsonError} for a text that is no JSON, and with the path of the field if it is no such message.
 */
export function fromJsonText<T>(type: FieldType<T>, json: string | Uint8Array, options?: JsonReadOptions): T {
  if (typeof json !== "string") return read(type, new TextSource(json, options));
  // A UTF-16 unit takes three bytes at most.
  const size = json.length * 3 + 1;
  // Memory that is needed meanwhile, or after an error, is another one.
  const memory =
    idleMemory !== undefined && idleMemory.length >= size ? idleMemory : allocate(Math.max(size, 4096));
  idleMemory = undefined;
  const length = utf8Write(memory, json, 0);
  if (length !== json.length) checkText(json);
  memory[length] = 0;
  const message = read(type, new TextSource(memory, options, length));
  if (memory.length <= RETAINED_BYTES) idleMemory = memory;
  return message;
}

function read<T>(type: FieldType<T>, source: TextSource): T {
  const message = type.readJson(source);
  source.end();
  return message;
}
