// Stands in for `message-type.ts` in a bundle for browsers: JSON is there if the page has enabled it.
import type { AnyFieldType, FieldTypes, NamedField } from "./field-type.js";
import { isMissing, type Properties, propertyOf } from "./json/message-fields.js";
import type { MessageCode, MessageType } from "./message-type.js";
import { Reader } from "./reader.js";
import { deferred, ofKinds } from "./web-json.js";
import { Writer } from "./writer.js";

export { enableJson } from "./web-json.js";

/** All types that were made here. */
const messageTypes = /* @__PURE__ */ new WeakSet<object>();

export function isMessageType(type: object): boolean {
  return messageTypes.has(type);
}

function kindOf(stated: AnyFieldType | NamedField): AnyFieldType {
  return "jsonName" in stated ? stated.type : stated;
}

/** As `messageFromPartial`, without the names of JSON. */
function setFields(message: Properties, fields: FieldTypes, object: Properties): void {
  const set = (property: string, stated: AnyFieldType | NamedField) => {
    const given = propertyOf(object, property);
    const kind = kindOf(stated);
    if (!isMissing(given, kind)) message[property] = kind.fromPartial(given);
  };
  for (const [property, stated] of Object.entries(fields)) {
    if (!("oneof" in stated)) set(property, stated);
    else if (stated.isFlat) for (const [member, each] of Object.entries(stated.oneof)) set(member, each);
    else {
      const { $case, value } = (propertyOf(object, property) ?? {}) as { $case?: string; value?: unknown };
      const member = Object.entries(stated.oneof).find(([name]) => name === $case)?.[1];
      const kind = member && kindOf(member);
      if (kind && !isMissing(value, kind)) message[property] = { $case, value: kind.fromPartial(value) };
    }
  }
}

export function messageType<T extends object>(code: MessageCode<T>): MessageType<T> {
  const { create, write, read, json } = code;
  let fields: FieldTypes | undefined;
  const fromPartial = (object: unknown): T => {
    const message = create();
    setFields(message as Properties, (fields ??= code.fields() as FieldTypes), object as Properties);
    return message;
  };
  const rest = {
    typeName: code.name,
    lengthSize: 1,
    takesNull: json?.takesNull ?? false,
    create: (base?: object) => (base === undefined ? create() : fromPartial(base)),
    fromPartial,
    encode(message: T, writer = new Writer()) {
      write(message, writer);
      return writer;
    },
    decode(input: Reader | Uint8Array, length?: number) {
      const reader = input instanceof Reader ? input : new Reader(input);
      const { limit } = reader;
      if (length !== undefined) reader.limit = reader.position + length;
      if (reader.limit > limit) throw new RangeError(`no message of ${length} bytes at ${reader.position}`);
      const message = create();
      read(message, reader);
      reader.limit = limit;
      return message;
    },
    write,
    read,
  };
  const type = deferred((all) => all.messagePart(code), rest, [
    ...ofKinds,
    "toJSON",
    "fromJSON",
    "fields",
  ]) as MessageType<T>;
  messageTypes.add(type);
  return type;
}
