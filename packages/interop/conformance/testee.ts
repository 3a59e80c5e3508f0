// The program under test of protobuf's conformance suite: answers one request after another (conformance.proto), each with its
// length before it, in 32 bits. The form of a Timestamp is its argument: `lossless` or `date`.
import { readSync, writeSync } from "node:fs";
import {
  createRegistry,
  fromJsonText,
  toJsonText,
  type Extension,
  type MessageType,
} from "@callwire/protobuf";
import {
  ConformanceRequest,
  ConformanceResponse,
  TestCategory,
  WireFormat,
} from "./gen/lossless/conformance/conformance.js";

const STDIN = 0;
const STDOUT = 1;

type AnyType = MessageType<object>;

const files = [
  "test_messages_proto2",
  "test_messages_proto3",
  "test_messages_proto2_editions",
  "test_messages_proto3_editions",
  "test_messages_edition2023",
  "any",
  "duration",
  "field_mask",
  "struct",
  "timestamp",
  "wrappers",
];

const types = new Map<string, AnyType>();
const extensions: Extension<never, unknown>[] = [];
for (const file of files) {
  const path = `./gen/${process.argv[2]}/google/protobuf/${file}.js`;
  for (const member of Object.values((await import(path)) as Record<string, object>)) {
    if ("typeName" in member) types.set((member as AnyType).typeName, member as AnyType);
    else if ("extendee" in member) extensions.push(member as Extension<never, unknown>);
  }
}
const registry = createRegistry(...types.values(), ...extensions);

/** Reads so many bytes; undefined at the end of the requests. */
function read(length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length;) {
    const count = readSync(STDIN, bytes, at, length - at, null);
    if (count === 0) return undefined;
    at += count;
  }
  return bytes;
}

function write(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(STDOUT, bytes, at);
}

type Result = ConformanceResponse["result"];

function answer({ payload, messageType, requestedOutputFormat, testCategory }: ConformanceRequest): Result {
  // What the suite asks first: the failures to expect, of which its own list has all.
  if (messageType === "conformance.FailureSet") return { $case: "protobufPayload", value: new Uint8Array(0) };
  const type = types.get(messageType);
  if (type === undefined) return { $case: "runtimeError", value: `no type ${messageType}` };
  let message: object;
  try {
    if (payload?.$case === "protobufPayload") message = type.decode(payload.value);
    else if (payload?.$case === "jsonPayload") {
      const ignoreUnknownFields = testCategory === TestCategory.JSON_IGNORE_UNKNOWN_PARSING_TEST;
      message = fromJsonText(type, payload.value, { registry, ignoreUnknownFields });
    } else return { $case: "skipped", value: "only binary and JSON" };
  } catch (error) {
    return { $case: "parseError", value: String(error) };
  }
  try {
    if (requestedOutputFormat === WireFormat.PROTOBUF) {
      return { $case: "protobufPayload", value: type.encode(message).finish() };
    }
    if (requestedOutputFormat === WireFormat.JSON) {
      return { $case: "jsonPayload", value: toJsonText(type, message, { registry }) };
    }
    return { $case: "skipped", value: "only binary and JSON" };
  } catch (error) {
    return { $case: "serializeError", value: String(error) };
  }
}

for (let head = read(4); head !== undefined; head = read(4)) {
  const request = ConformanceRequest.decode(read(head.readUInt32LE(0))!);
  const response = ConformanceResponse.encode(
    ConformanceResponse.create({ result: answer(request) }),
  ).finish();
  head.writeUInt32LE(response.length);
  write(head);
  write(response);
}
