import { JsonError } from "./json-error.js";
import type { JsonSink } from "./json-sink.js";
import type { JsonSource } from "./json-source.js";
import { quotedOf } from "./quoted.js";
import { readTolerantly } from "./tolerant.js";
import {
  isMissing,
  propertyOf,
  type MessageField,
  type MessageFields,
  type Properties,
} from "./message-fields.js";

export { fieldsOf, messageFromPartial } from "./message-fields.js";

/** The JSON form of a well-known type, which is no object of its fields there. */
export interface JsonForm<T> {
  writeJson(message: T, sink: JsonSink): void;
  readJson(source: JsonSource): T;
  /** True if null stands for a message. */
  readonly takesNull?: boolean;
}

/** The number of expected fields that a key is compared with before it is looked up: fields with defaults are left out. */
const EXPECTED = 3;

/**
 * Writes a message as an object of its fields, in the order of the contract.
 *
 * @throws {JsonError} with the path of the field, for a value that has no form in JSON.
 */
export function writeMessageJson(fields: MessageFields, message: object, sink: JsonSink): void {
  const { alwaysEmitImplicit, originalNames } = sink.options;
  let current: string | undefined;
  try {
    sink.beginObject();
    for (const field of fields.list) {
      const { member } = field;
      let value = propertyOf(message as Properties, field.property);
      if (member !== undefined) {
        if ((value as Properties | undefined)?.["$case"] !== member) continue;
        value = (value as Properties)["value"];
      } else if (alwaysEmitImplicit ? isMissing(value, field.type) : field.isAbsent(value)) continue;
      current = field.name;
      if (originalNames) sink.key(field.name);
      else sink.key(field.jsonName, (field.quoted ??= quotedOf(field.jsonName)));
      field.writeJson(value, sink);
      current = undefined;
    }
    for (const extension of sink.options.registry?.extensionsIn(fields.typeName, message) ?? []) {
      current = `[${extension.name}]`;
      sink.key(current);
      extension.writeJson(message, sink as never);
      current = undefined;
    }
    sink.endObject();
  } catch (error) {
    throw current === undefined ? error : JsonError.within(current, error);
  }
}

/**
 * Reads an object of fields into a new message. Names of JSON and those of the contract are taken; null stands for a field
 * that is not there (protobuf.dev, "ProtoJSON Format").
 *
 * @throws {JsonError} with the path of the field, if it is no such message.
 */
export function readMessageJson<T extends object>(fields: MessageFields, message: T, source: JsonSource): T {
  const { errors } = source.options;
  if (errors !== undefined) return readAll(fields, message, source, errors);
  const { list, byKey } = fields;
  let current: string | undefined;
  // Most often fields are in the order of the contract.
  let next = 0;
  // Those that were there: the first 32 as bits.
  let seen = 0;
  let seenLater: Set<MessageField> | undefined;
  try {
    source.beginObject();
    for (; source.hasKey(); current = undefined) {
      let field: MessageField | undefined;
      for (let ahead = 0; ahead < EXPECTED && field === undefined; ahead++) {
        const expected = list[next + ahead];
        if (expected === undefined) break;
        expected.quoted ??= quotedOf(expected.jsonName);
        if (source.keyIs(expected.jsonName, expected.quoted)) field = expected;
      }
      if (field === undefined) {
        const key = source.key();
        field = byKey.get(key);
        if (field === undefined) {
          current = key;
          readUnknown(fields, key, message, source);
          continue;
        }
      }
      const { index } = field;
      current = field.name;
      next = index + 1;
      if (index < 32 ? (seen & (1 << index)) !== 0 : seenLater?.has(field))
        throw new JsonError("there twice");
      if (index < 32) seen |= 1 << index;
      else (seenLater ??= new Set()).add(field);
      readField(field, message as Properties, source);
    }
    return message;
  } catch (error) {
    throw current === undefined ? error : JsonError.within(current, error);
  }
}

/** The same with all errors: for a message that was refused, and takes its time. */
function readAll<T extends object>(
  fields: MessageFields,
  message: T,
  source: JsonSource,
  errors: JsonError[],
): T {
  const seen = new Set<MessageField>();
  source.beginObject();
  while (source.hasKey()) {
    const key = source.key();
    const field = fields.byKey.get(key);
    readTolerantly(source, errors, field?.name ?? key, () => {
      if (field === undefined) {
        readUnknown(fields, key, message, source);
        return;
      }
      if (seen.has(field)) throw new JsonError("there twice");
      seen.add(field);
      readField(field, message as Properties, source);
    });
  }
  return message;
}

function readField(field: MessageField, message: Properties, source: JsonSource): void {
  const { property, member, oneof } = field;
  if (!field.takesNull && source.null()) return;
  if (oneof !== undefined) {
    for (const other of oneof) {
      if (message[other] !== undefined) throw new JsonError("a second member of its oneof");
    }
  }
  const value: unknown = field.readJson(source);
  // Undefined for what `ignoreUnknownFields` passes over.
  if (value !== undefined) message[property] = member === undefined ? value : { $case: member, value };
}

function readUnknown(
  { typeName, list }: MessageFields,
  key: string,
  message: object,
  source: JsonSource,
): void {
  const { registry, ignoreUnknownFields } = source.options;
  const extension = /^\[.*\]$/.test(key) ? registry?.extension(key.slice(1, -1), typeName) : undefined;
  if (extension !== undefined) {
    if (extension.takesNull || !source.null()) extension.readJson(message, source as never);
  } else if (ignoreUnknownFields) source.skip();
  else throw new JsonError("no field of the message", { wrong: key, known: list.map(({ name }) => name) });
}
