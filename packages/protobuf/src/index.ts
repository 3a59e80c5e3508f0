// What code made by protoc-gen-callwire imports, and what its users do.
export { fromBase64 } from "#text";
export { isNumberOf, keepEntry, readClosedEnum, type EnumObject } from "./closed-enum.js";
export { readDate, writeDate } from "./date.js";
export type { DeepPartial } from "./deep-partial.js";
export {
  members,
  named,
  oneof,
  type AnyFieldType,
  type FieldType,
  type FieldTypes,
  type NamedField,
  type OneofFields,
} from "./field-type.js";
export { readGroup, writeGroup } from "./group.js";
export { readGroupValue, writeGroupValue } from "./group-value.js";
export { anyJson } from "./json/any.js";
export { list, optional } from "./json/composite-types.js";
export { date } from "./json/date-type.js";
export { enumeration, nullValue } from "./json/enum-types.js";
export { fieldMask, fieldMaskJson } from "./json/field-mask.js";
export {
  int64,
  int64Number,
  int64String,
  uint64,
  uint64Number,
  uint64String,
} from "./json/integer64-types.js";
export { JsonError, type WrongName } from "./json/json-error.js";
export { fromJsonText, toJsonBytes, toJsonText } from "./json/json-text.js";
export { map, mapObject } from "./json/map-types.js";
export type { MessageField, MessageFields } from "./json/message-fields.js";
export type { JsonForm } from "./json/message-json.js";
export type { JsonSink } from "./json/json-sink.js";
export type { JsonSource, JsonType } from "./json/json-source.js";
export { MAX_JSON_ERRORS } from "./json/tolerant.js";
export {
  MAX_JSON_DEPTH,
  MAX_JSON_MASK_LENGTH,
  MAX_JSON_NUMBER_LENGTH,
  type JsonReadOptions,
  type JsonRegistry,
  type JsonWriteOptions,
  type RegisteredExtension,
  type RegisteredMessage,
  type WrittenType,
} from "./json/options.js";
export { bool, bytes, double, float, int32, string, uint32 } from "./json/scalar-types.js";
export {
  flatValueJson,
  listValue,
  listValueJson,
  struct,
  structJson,
  structMapJson,
  value,
  valueJson,
} from "./json/struct-types.js";
export { durationJson, timestampJson } from "./json/timestamp.js";
export { wrapper, wrapperJson } from "./json/wrapper-types.js";
export { readMessageSet, writeMessageSet } from "./message-set.js";
export {
  clearExtension,
  getExtension,
  hasExtension,
  extension,
  setExtension,
  type Extension,
  type ExtensionCode,
  type ExtensionValue,
} from "./extension.js";
export {
  enableJson,
  isMessageType,
  messageType,
  type MessageCode,
  type MessageType,
} from "./message-type.js";
export {
  readDouble,
  readFixed32,
  readFixed64,
  readFloat,
  readInt64,
  readSfixed32,
  readSfixed64,
  readSint32,
  readSint64,
  readUint64,
  writeDouble,
  writeFixed32,
  writeFixed64,
  writeFloat,
  writeInt64,
  writeSfixed32,
  writeSfixed64,
  writeSint32,
  writeSint64,
  writeUint64,
} from "./numbers.js";
export { ProtobufError } from "./protobuf-error.js";
export { MAX_DEPTH, Reader, TEXT_WINDOW_BYTES, viewBytes, type TakeBytes } from "./reader.js";
export { createRegistry } from "./registry.js";
export { readListValue, readStruct, readValue, writeListValue, writeStruct, writeValue } from "./struct.js";
export { toNumber } from "./to-number.js";
export { CHUNK_BYTES, MAX_MESSAGE_BYTES, Writer } from "./writer.js";
