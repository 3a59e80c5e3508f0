import { readGroup } from "./group.js";
import { ProtobufError } from "./protobuf-error.js";
import { Reader } from "./reader.js";
import { unknownFieldsOf } from "./unknown-fields.js";
import { unknownBytes } from "./unknown-numbers.js";
import { Writer } from "./writer.js";

// MessageSet, a form of proto2 for messages that have extensions alone: each is a group of its number and its message. Inside,
// an extension is a field of that number, as in any other message.

const ITEM = (1 << 3) | 3;
const TYPE_ID = (2 << 3) | 0;
const MESSAGE = (3 << 3) | 2;

/** An item as it is read. */
interface Item {
  typeId: number;
  message: Uint8Array | undefined;
}

const itemType = {
  create: (): Item => ({ typeId: 0, message: undefined }),
  read(item: Item, reader: Reader): void {
    while (reader.position < reader.limit) {
      const tag = reader.tag();
      if (tag === TYPE_ID) item.typeId = reader.uint32();
      else if (tag === MESSAGE) item.message = reader.bytes();
      else reader.skip(tag);
    }
  },
};

/** Reads a field of a MessageSet into the message's unknown fields. */
export function readMessageSet(reader: Reader, tag: number, message: object): void {
  if (tag !== ITEM) {
    reader.unknown(tag, message);
    return;
  }
  const { typeId, message: bytes } = readGroup<Item>(reader, tag, itemType, undefined);
  if (typeId === 0 || bytes === undefined) return;
  if (typeId >= 2 ** 29)
    throw new ProtobufError(`number of an extension over 2^29-1: ${typeId}`, reader.position);
  const writer = new Writer();
  writer.bytes(((typeId << 3) | 2) >>> 0, bytes);
  unknownFieldsOf(message).add(writer.finish());
}

/** Writes the unknown fields of a MessageSet as its items. */
export function writeMessageSet(message: object, writer: Writer): void {
  const reader = new Reader(unknownBytes(message));
  while (reader.position < reader.limit) {
    const start = reader.position;
    const tag = reader.tag();
    if ((tag & 7) === 2) {
      writer.raw32(ITEM);
      writer.uint32(TYPE_ID, tag >>> 3);
      writer.bytes(MESSAGE, reader.bytes());
      writer.raw32(ITEM + 1);
    } else {
      reader.skip(tag);
      writer.raw(reader.buffer.subarray(start, reader.position));
    }
  }
}
