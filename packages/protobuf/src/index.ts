// What code made by protoc-gen-callwire imports, and what its users do.
export { fromBase64 } from "#text";
export { isNumberOf, readClosedEnum, type EnumObject } from "./closed-enum.js";
export { readDate, writeDate } from "./date.js";
export type { DeepPartial } from "./deep-partial.js";
export type { FieldEntry, FieldType, OneofEntry } from "./proto-json/field-type.js";
export {
  closedEnumeration,
  enumeration,
  list,
  map,
  mapObject,
  nullValue,
  optional,
} from "./proto-json/composite-types.js";
export type { JsonReadOptions, JsonValue, JsonWriteOptions, Registry } from "./proto-json/json-context.js";
export { JsonError } from "./proto-json/json-error.js";
export type { JsonForm } from "./proto-json/message-json.js";
export {
  bool,
  bytes,
  double,
  float,
  int32,
  int64,
  int64Number,
  int64String,
  string,
  uint32,
  uint64,
  uint64Number,
  uint64String,
} from "./proto-json/scalar-types.js";
export {
  flatValueJson,
  listValue,
  listValueJson,
  struct,
  structJson,
  structObjectJson,
  value,
  valueJson,
} from "./proto-json/struct-types.js";
export { date, durationJson, timestampJson } from "./proto-json/timestamp.js";
export { anyJson, fieldMask, fieldMaskJson, wrapper, wrapperJson } from "./proto-json/well-known-types.js";
export { readMessageSet, writeMessageSet } from "./message-set.js";
export {
  clearExtension,
  getExtension,
  hasExtension,
  setExtension,
  type Extension,
  type ExtensionValue,
} from "./extension.js";
export { isMessageType, messageType, type MessageCode, type MessageType } from "./message-type.js";
export { ProtobufError } from "./protobuf-error.js";
export { MAX_DEPTH, Reader, TEXT_WINDOW_BYTES, viewBytes, type TakeBytes } from "./reader.js";
export { createRegistry } from "./registry.js";
export { fromJsonText, toJsonText } from "./proto-json/json-text.js";
export { readListValue, readStruct, readValue, writeListValue, writeStruct, writeValue } from "./struct.js";
export { toNumber } from "./to-number.js";
export { CHUNK_BYTES, MAX_MESSAGE_BYTES, Writer } from "./writer.js";
