// `@callwire/protobuf` for a bundler with the condition "callwire-without-json": the same names and types, and no JSON. A page that
// has binary messages alone is spared half of the runtime. A program has one of the two, so they share no module.
import type { AnyFieldType } from "./field-type.js";
import { copyList } from "./json/composite-types.js";
import { copyMap, copyMapObject } from "./json/map-types.js";
import { fieldsOf } from "./json/message-fields.js";
import type { JsonForm } from "./json/message-json.js";
import { typeWith, type MessageCode, type MessageType } from "./message-type.js";

// An export below stands in place of the one of its name.
export * from "./index.js";

function refuse(): never {
  throw new Error(
    'there is no JSON of messages here: leave the condition "callwire-without-json" out of the bundler\'s settings',
  );
}

/** Makes the type of a message, as `messageType` does. */
export function messageType<T extends object>(code: MessageCode<T>): MessageType<T> {
  return typeWith(code, {
    takesNull: code.json?.takesNull ?? false,
    writeJson: refuse,
    readJson: refuse,
    toJSON: refuse,
    fromJSON: refuse,
    fields: () => (code.json === undefined ? fieldsOf(code) : undefined),
  });
}

/** The form in JSON of any well-known type. */
const noForm = { writeJson: refuse, readJson: refuse };
const nullForm = { ...noForm, takesNull: true };

function kind(fromPartial: (value: unknown) => unknown): AnyFieldType {
  return { ...noForm, isAbsent: refuse, fromPartial };
}

/** The kind of values that are taken as they are. */
const asIs: AnyFieldType = /* @__PURE__ */ kind((value) => value);
const asIsOrNull: AnyFieldType = { ...asIs, takesNull: true };

export {
  asIs as bool,
  asIs as bytes,
  asIs as date,
  asIs as double,
  asIs as float,
  asIs as int32,
  asIs as int64,
  asIs as int64Number,
  asIs as int64String,
  asIs as listValue,
  asIs as string,
  asIs as struct,
  asIs as uint32,
  asIs as uint64,
  asIs as uint64Number,
  asIs as uint64String,
  asIsOrNull as nullValue,
  asIsOrNull as value,
  noForm as anyJson,
  noForm as fieldMaskJson,
  noForm as listValueJson,
  noForm as structJson,
  noForm as structMapJson,
  nullForm as flatValueJson,
  nullForm as valueJson,
};

export const enumeration = (): AnyFieldType => asIs;
export const optional = (type: AnyFieldType): AnyFieldType => type;
export const wrapper = optional;
export const list = (type: AnyFieldType): AnyFieldType => kind((values) => copyList(type, values));
export const fieldMask: AnyFieldType = /* @__PURE__ */ list(asIs);
export const map = (_: AnyFieldType, type: AnyFieldType): AnyFieldType =>
  kind((given) => copyMap(type, given));
export const mapObject = (_: AnyFieldType, type: AnyFieldType): AnyFieldType =>
  kind((given) => copyMapObject(type, given));

export const timestampJson = (): JsonForm<never> => noForm;
export const durationJson = timestampJson;
export const wrapperJson = timestampJson;
