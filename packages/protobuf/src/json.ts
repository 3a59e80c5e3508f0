// The code of JSON, which the runtime of browsers shares with the other one: a file of `dist` of its own (`scripts/bundle.mjs`).
export { anyJson } from "./json/any.js";
export { copyList, list, optional } from "./json/composite-types.js";
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
export { JsonError } from "./json/json-error.js";
export { fromJsonText, toJsonBytes, toJsonText } from "./json/json-text.js";
export { copyMap, copyMapObject, map, mapObject } from "./json/map-types.js";
export { checkUnion, isMissing, propertyOf } from "./json/message-fields.js";
export { messagePart } from "./json/message-part.js";
export { MAX_JSON_DEPTH, MAX_JSON_MASK_LENGTH, MAX_JSON_NUMBER_LENGTH } from "./json/options.js";
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
export { MAX_JSON_ERRORS } from "./json/tolerant.js";
export { jsonOf, setOwn } from "./json/values.js";
export { wrapper, wrapperJson } from "./json/wrapper-types.js";
