// Stands in for `message-type.ts` in a bundle for browsers: JSON is there if the page has enabled it.
import type { AnyFieldType, NamedField, OneofFields } from "./field-type.js";
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

/** A oneof, which sets its fields itself: a bundle without oneofs is without that. */
export interface SettableOneof extends OneofFields {
  /** As {@link setField}, of one of its fields. */
  set(message: Properties, property: string, object: Properties): void;
}

type WebFieldTypes = Readonly<Record<string, AnyFieldType | NamedField | SettableOneof>>;

export function kindOf(stated: AnyFieldType | NamedField): AnyFieldType {
  return "jsonName" in stated ? stated.type : stated;
}

/** Sets a field that `fromPartial` was given. */
export function setField(
  message: Properties,
  property: string,
  object: Properties,
  stated: AnyFieldType | NamedField,
): void {
  const given = propertyOf(object, property);
  const kind = kindOf(stated);
  if (!isMissing(given, kind)) message[property] = kind.fromPartial(given);
}

export function messageType<T extends object>(code: MessageCode<T>): MessageType<T> {
  const { create, write, read, json } = code;
  let fields: WebFieldTypes | undefined;
  const fromPartial = (object: unknown): T => {
    const message = create() as T & Properties;
    // As `messageFromPartial`, without the names of JSON.
    for (const [property, stated] of Object.entries((fields ??= code.fields() as WebFieldTypes))) {
      if ("set" in stated) stated.set(message, property, object as Properties);
      else setField(message, property, object as Properties, stated);
    }
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
