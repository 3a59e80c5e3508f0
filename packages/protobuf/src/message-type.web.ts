// Stands in for `message-type.ts` in a bundle for browsers: JSON is there if the page has enabled it.
import { fieldsOf, messageFromPartial } from "./json/message-fields.js";
import type { MessageCode, MessageType } from "./message-type.js";
import { Reader } from "./reader.js";
import { json } from "./web-json.js";
import { Writer } from "./writer.js";

export { enableJson } from "./web-json.js";

/** All types that were made here. */
const messageTypes = /* @__PURE__ */ new WeakSet<object>();

export function isMessageType(type: object): boolean {
  return messageTypes.has(type);
}

export function messageType<T extends object>(code: MessageCode<T>): MessageType<T> {
  const { create, write, read, json: form } = code;
  const fromPartial = (object: unknown): T => messageFromPartial(fieldsOf(code), create(), object as object);
  const type: MessageType<T> = {
    typeName: code.name,
    lengthSize: 1,
    takesNull: form?.takesNull ?? false,
    isAbsent: (value) => value === undefined || value === null,
    create: (base) => (base === undefined ? create() : fromPartial(base)),
    fromPartial,
    encode(message, writer = new Writer()) {
      write(message, writer);
      return writer;
    },
    decode(input, length) {
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
    writeJson: form?.writeJson ?? ((message, sink) => json().writeMessageJson(fieldsOf(code), message, sink)),
    readJson: form?.readJson ?? ((source) => json().readMessageJson(fieldsOf(code), create(), source)),
    toJSON(message, options) {
      const sink = new (json().ObjectSink)(options);
      type.writeJson(message, sink);
      return sink.value;
    },
    fromJSON(value, options) {
      const { ObjectSource, isNot } = json();
      if (value === null && !type.takesNull) throw isNot("a message", value);
      return type.readJson(new ObjectSource(value, options));
    },
    fields: () => (form === undefined ? fieldsOf(code) : undefined),
  };
  messageTypes.add(type);
  return type;
}
