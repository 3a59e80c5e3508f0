import { ProtobufError, Writer } from "@callwire/protobuf";
import { createFileRegistry, fromBinary, toBinary, type DescMessage } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";
import { descriptorSet } from "../../../../gen/src/descriptor-set.js";
import { EveryField, NoField } from "../testing/gen/callwire/transport/testing/v1/every_field.js";
import { Department, ListUsersResponse } from "../testing/gen/users/user_service.js";
import { everyFieldSamples, fromHex, type StockType } from "../testing/protobuf-samples.js";
import { codecOf, decodeMessage, encodeMessage, type MessageType } from "./message-codec.js";

interface Node {
  count: number;
  child: Node | undefined;
}

/** As ts-proto generated it before it counted the depth of messages. */
const oldNode: StockType<Node> = {
  encode(message, writer = new BinaryWriter()) {
    if (message.count !== 0) writer.uint32(8).uint32(message.count);
    if (message.child !== undefined) oldNode.encode(message.child, writer.uint32(18).fork()).join();
    return writer;
  },
  decode(input, length) {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const end = length === undefined ? reader.len : reader.pos + length;
    const message: Node = { count: 0, child: undefined };
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === 8) message.count = reader.uint32();
      else if (tag === 18) message.child = oldNode.decode(reader, reader.uint32());
      else if ((tag & 7) === 4 || tag === 0) break;
      else reader.skip(tag & 7);
    }
    return message;
  },
};

describe("fields that a type does not know", () => {
  const COUNT = 5000;
  // Field 100, a varint: thousands of them.
  const unknown = Buffer.concat(Array<Buffer>(COUNT).fill(Buffer.from([0xa0, 0x06, 0x01])));
  const viewsOf = (type: MessageType<unknown>): number => {
    let views = 0;
    codecOf(type).decode(unknown, 0, unknown.length, (buffer, start, end) => {
      views++;
      return buffer.subarray(start, end);
    });
    return views;
  };

  test("are not made views of without end, if its code drops them", () => {
    expect(viewsOf(EveryField)).toBeLessThan(COUNT / 4);
    expect(viewsOf(NoField)).toBeLessThan(COUNT / 4);
  });

  test("are all there, if its code keeps them", () => {
    const keeping: StockType<{ fields: Record<number, Uint8Array[]> }> = {
      encode: (_message, writer = new BinaryWriter()) => writer,
      decode(input) {
        const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
        const fields: Record<number, Uint8Array[]> = {};
        while (reader.pos < reader.len) {
          const tag = reader.uint32();
          (fields[tag] ??= []).push(reader.skip(tag & 7));
        }
        return { fields };
      },
    };
    expect(viewsOf(keeping)).toBe(COUNT);
    const { fields } = decodeMessage(keeping, unknown);
    expect(fields[800]!.every((bytes) => bytes.length === 1 && bytes[0] === 1)).toBe(true);
  });
});

describe("encodeMessage and decodeMessage", () => {
  test("do what ts-proto does by itself, field by field", () => {
    for (const message of everyFieldSamples()) {
      const stock = Buffer.from(EveryField.encode(message).finish());
      expect(encodeMessage(EveryField, message).equals(stock)).toBe(true);
      expect(decodeMessage(EveryField, stock)).toEqual(EveryField.decode(stock));
      expect(decodeMessage(EveryField, new Uint8Array(stock))).toEqual(EveryField.decode(stock));
      expect(encodeMessage(EveryField, decodeMessage(EveryField, stock)).equals(stock)).toBe(true);
      // Every field is unknown.
      expect(decodeMessage(NoField, stock)).toEqual({});
    }
  });

  test("take a field's parts as they come: packed or not, twice, in any order", () => {
    const bytes = new BinaryWriter();
    bytes.tag(35, 0).uint32(4).tag(35, 2).fork().uint32(0).uint32(8).join().tag(35, 0).uint32(0);
    bytes
      .tag(49, 2)
      .fork()
      .uint32(4)
      .uint32(0)
      .join()
      .tag(49, 0)
      .uint32(7)
      .tag(48, 2)
      .fork()
      .int32(-1)
      .join();
    bytes.tag(14, 2).string("first").tag(14, 2).string("last").tag(23, 2).string("text").tag(25, 0).uint32(0);
    // A field of another type than its own is unknown.
    bytes.tag(14, 0).uint32(5).tag(3, 2).string("x").tag(3, 5).fixed32(1).tag(3, 3).tag(3, 4);
    const message = decodeMessage(EveryField, bytes.finish());
    expect(message.uint32s).toEqual([4, 0, 8, 0]);
    expect(message.looseUint32s).toEqual([4, 0, 7]);
    expect(message.looseInt32s).toEqual([-1]);
    expect(message.stringValue).toBe("last");
    expect(message.choice).toEqual({ $case: "choiceNumber", value: 0 });
    expect(message.int32Value).toBe(0);
  });

  test("agree with protobuf-es", () => {
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
    const schema = registry.getMessage("users.ListUsersResponse") as DescMessage;
    const page = ListUsersResponse.fromPartial({
      users: Array.from({ length: 100 }, (_, i) => ({
        id: `550e8400-e29b-41d4-a716-4466554${40000 + i}`,
        name: i % 3 ? "Ada Lovelace" : "Zoë 😀",
        email: `user${i}@example.com`,
        age: i,
        department: Department.SALES,
        roles: ["admin", "x".repeat(i)],
        createdAt: new Date(1_700_000_000_000 + i),
        updatedAt: new Date(i),
        etag: `etag${i}`,
      })),
      nextPageToken: "next",
      totalCount: 1_000,
    });
    const ours = encodeMessage(ListUsersResponse, page);
    const theirs = toBinary(schema, fromBinary(schema, ours));
    expect(ours.equals(theirs)).toBe(true);
    expect(decodeMessage(ListUsersResponse, theirs)).toEqual(page);
  });

  test("return bytes that nobody writes to again", () => {
    const small = everyFieldSamples()[1]!;
    const expected = Buffer.from(EveryField.encode(small).finish());
    const all = Array.from({ length: 2_000 }, () => encodeMessage(EveryField, small));
    const large = encodeMessage(EveryField, EveryField.fromPartial({ bytesValue: Buffer.alloc(1 << 20, 7) }));
    all.push(encodeMessage(EveryField, small));
    expect(all.every((bytes) => bytes.equals(expected))).toBe(true);
    expect(Buffer.alloc(1 << 20, 7).equals(decodeMessage(EveryField, large).bytesValue)).toBe(true);
    expect(encodeMessage(EveryField, EveryField.fromPartial({}))).toHaveLength(0);
  });

  test("return bytes that take no others with them to a worker", () => {
    const small = everyFieldSamples()[1]!;
    const [first, second] = [encodeMessage(EveryField, small), encodeMessage(EveryField, small)];
    const { port1 } = new MessageChannel();
    try {
      port1.postMessage(first, [first.buffer as ArrayBuffer]);
    } catch (error) {
      // Node.js before 21 copies what it must not transfer.
      expect((error as Error).name).toBe("DataCloneError");
    }
    port1.close();
    expect(second).toEqual(Buffer.from(EveryField.encode(small).finish()));
  });

  test("encode while encoding, and decode while decoding", () => {
    const inner = everyFieldSamples()[1]!;
    const outer = EveryField.fromPartial({ stringValue: "before", last: "after" });
    Object.defineProperty(outer, "bytesValue", { get: () => encodeMessage(EveryField, inner) });
    const plain = EveryField.fromPartial({ ...outer, bytesValue: EveryField.encode(inner).finish() });
    const expected = Buffer.from(EveryField.encode(plain).finish());
    expect(encodeMessage(EveryField, outer)).toEqual(expected);

    const type: StockType<EveryField> = {
      encode: (message, writer) => EveryField.encode(message, writer),
      decode: (input, length) => {
        decodeMessage(NoField, fromHex("0801"));
        const message = EveryField.decode(input, length);
        if (message.bytesValue.length > 0) message.child = decodeMessage(EveryField, message.bytesValue);
        return message;
      },
    };
    expect(decodeMessage(type, expected).child).toEqual(EveryField.decode(EveryField.encode(inner).finish()));
    const broken = Buffer.from(
      EveryField.encode(EveryField.fromPartial({ bytesValue: Buffer.from([0]) })).finish(),
    );
    expect(() => decodeMessage(type, broken)).toThrow(ProtobufError);
  });

  test("work after a message that failed", () => {
    const bad = EveryField.fromPartial({ child: { stringValue: "x".repeat(300), int32Value: 0.5 } });
    expect(() => encodeMessage(EveryField, bad)).toThrow("invalid int32: 0.5");
    expect(() => encodeMessage(EveryField, EveryField.fromPartial({ int64Value: 2n ** 63n }))).toThrow(
      "too large",
    );
    expect(() => decodeMessage(EveryField, fromHex("8a0103"))).toThrow(ProtobufError);
    const good = everyFieldSamples()[4]!;
    const bytes = encodeMessage(EveryField, good);
    expect(bytes.equals(EveryField.encode(good).finish())).toBe(true);
    expect(decodeMessage(EveryField, bytes)).toEqual(EveryField.decode(bytes));
  });

  test("take the code of an older ts-proto", () => {
    const message = {
      count: 0,
      child: { count: 4, child: { count: 300, child: { count: 1, child: undefined } } },
    };
    const bytes = encodeMessage(oldNode, message);
    expect(decodeMessage(oldNode, bytes)).toEqual(message);
    // Its nested messages are held within the one around them, and the message is read to its end.
    expect(() => decodeMessage(oldNode, fromHex("12020880 01"))).toThrow(ProtobufError);
    expect(() => decodeMessage(oldNode, fromHex("0801 00 0801"))).toThrow(ProtobufError);
    expect(() => decodeMessage(oldNode, fromHex("1204 0000 0801"))).toThrow(/^illegal tag at byte 4$/);
    const deep = Buffer.concat(Array.from({ length: 60_000 }, () => Buffer.from([0x12, 0xff, 0xff, 0x03])));
    expect(() => decodeMessage(oldNode, deep)).toThrow(ProtobufError);
  });

  test("use the code of another runtime as it is", () => {
    const text: MessageType<string> = {
      encode: (message) => ({ finish: () => Buffer.from(message) }),
      // Takes bytes, and no reader of another make.
      decode: (input) => Buffer.from(input).toString(),
    };
    expect(encodeMessage(text, "any text").toString()).toBe("any text");
    expect(decodeMessage(text, Buffer.from("any text"))).toBe("any text");
    // Takes anything, and reads it in its own way.
    const decode = (input: BinaryReader | Uint8Array): number => (input as Uint8Array).length;
    const sizes: StockType<number> = { encode: (_message, writer = new BinaryWriter()) => writer, decode };
    expect(decodeMessage(sizes, Buffer.alloc(7))).toBe(7);
    const codec = codecOf(text);
    expect(codecOf(text)).toBe(codec);
    expect(codec.decode(Buffer.from("some text here"), 5, 9)).toBe("text");
    const refusing: MessageType<string> = {
      ...text,
      decode: () => {
        throw new TypeError("not this");
      },
    };
    expect(() => decodeMessage(refusing, Buffer.alloc(1))).toThrow(/^not this$/);
  });
});

describe("MessageCodec", () => {
  test("writes at the writer's position, and reads from the middle of a buffer", () => {
    const codec = codecOf(EveryField);
    const message = everyFieldSamples()[1]!;
    const output = Buffer.alloc(1_000, 0xff);
    const writer = new Writer().begin(output, 14);
    codec.encode(message, writer);
    expect(writer.buffer).toBe(output);
    expect(codec.decode(output, writer.start, writer.position)).toEqual(
      EveryField.decode(EveryField.encode(message).finish()),
    );
    expect(codec.decode(output, 14, 14)).toEqual(EveryField.fromPartial({}));
  });
});
