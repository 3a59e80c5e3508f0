// Names that every object inherits, or that mean something to JavaScript, are names like any other.
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { describe, expect, test } from "@jest/globals";
import { createChannel } from "../client/channel.js";
import { createClient } from "../client/create-client.js";
import { clientRuntime } from "../client/transport-runtime.js";
import { createServer } from "../server/create-server.js";
import { methodsOf } from "./definitions.js";
import { handlerOf } from "./handler-of.js";
import { deserialize, serialize } from "./serialize.js";

const NAMES = ["toString", "constructor", "valueOf", "hasOwnProperty", "__proto__", "then", "close", "catch"];

const json = {
  requestSerialize: (value: unknown) => Buffer.from(JSON.stringify(value)),
  requestDeserialize: (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString()),
  responseSerialize: (value: unknown) => Buffer.from(JSON.stringify(value)),
  responseDeserialize: (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString()),
};

/** A service with a method of each name, in nice-grpc's form. */
function definition(names: readonly string[] = NAMES) {
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        path: `/names.Names/${name}`,
        requestStream: false,
        responseStream: false,
        options: {},
        ...json,
      } as const,
    ]),
  );
}

type Call = (request: unknown) => Promise<unknown>;

describe("methods", () => {
  test("of every name are served and called, and what a client is awaited by calls none", async () => {
    const calls: string[] = [];
    const handlers = Object.fromEntries(
      NAMES.map((name) => [
        name,
        (request: unknown) => {
          calls.push(name);
          return { name, request };
        },
      ]),
    );
    const server = createServer();
    server.add(definition(), handlers);
    const channel = createChannel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
    const made = async () => createClient(definition(), channel);
    const runtimeChannel = clientRuntime.openChannel(
      channel.getTarget(),
      clientRuntime.createCredentials(undefined),
      {},
    );
    try {
      for (const client of [
        await made(),
        await Promise.resolve(await made()),
        // oxlint-disable-next-line no-await-in-loop
        await (async () => runtimeChannel.createClient(definition(), () => undefined))(),
      ]) {
        expect(calls).toEqual([]);
        expect(Object.keys(client).toSorted()).toEqual(NAMES.toSorted());
        for (const name of NAMES) {
          const method = Object.getOwnPropertyDescriptor(client, name)!;
          const call = (method.value ?? method.get?.call(client)) as Call;
          // oxlint-disable-next-line no-await-in-loop
          expect(await call({ x: 1 })).toEqual({ name, request: { x: 1 } });
        }
        expect(calls.splice(0)).toEqual(NAMES);
      }
    } finally {
      runtimeChannel.close();
      channel.close();
      server.forceShutdown();
    }
  });

  test.each(["toString", "constructor", "valueOf", "hasOwnProperty"])(
    "named %s without a handler are missed",
    (name) => {
      expect(() => createServer().add(definition([name]), {})).toThrow(`no handler '${name}'`);
      class Handlers {
        other() {}
      }
      expect(() => createServer().add(definition([name]), new Handlers() as never)).toThrow(
        `no handler '${name}'`,
      );
    },
  );

  test("have the handlers of a class and of the classes above it", () => {
    class Base {
      valueOf() {
        return 1;
      }
      get() {
        return 2;
      }
    }
    class Handlers extends Base {
      override toString() {
        return "";
      }
    }
    const handlers = new Handlers();
    for (const name of ["valueOf", "get", "toString"]) expect(handlerOf(handlers, name)).toBeDefined();
    expect(handlerOf(handlers, "constructor")).toBeUndefined();
    expect(handlerOf({ constructor: () => ({}) }, "constructor")).toBeDefined();
    expect(handlerOf({ get: 1 }, "get")).toBeUndefined();
    expect(handlerOf(Object.create(null) as object, "toString")).toBeUndefined();
  });
});

/** A message type as ts-proto generates it, with fields `to_string`, `has_own_property`, `constructor` and `inner`. */
interface Odd {
  toString: string;
  hasOwnProperty: boolean;
  constructor: Odd | undefined;
  inner: Odd | undefined;
  text: string;
}
type PartialOdd = { [Field in keyof Odd]?: unknown };

const Odd = {
  encode(message: Odd, writer = new BinaryWriter()) {
    if (message.toString !== "") writer.uint32(10).string(message.toString);
    if (message.hasOwnProperty) writer.uint32(16).bool(message.hasOwnProperty);
    if (message.constructor !== undefined) Odd.encode(message.constructor, writer.uint32(26).fork()).join();
    if (message.inner !== undefined) Odd.encode(message.inner, writer.uint32(34).fork()).join();
    if (message.text !== "") writer.uint32(42).string(message.text);
    return writer;
  },
  decode(input: BinaryReader | Uint8Array, length?: number): Odd {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const end = length === undefined ? reader.len : reader.pos + length;
    const depth = (reader as unknown as { __tsProtoDecodeDepth: number }).__tsProtoDecodeDepth;
    (reader as unknown as { __tsProtoDecodeDepth: number }).__tsProtoDecodeDepth = depth + 1;
    const message: Odd = {
      toString: "",
      hasOwnProperty: false,
      constructor: undefined,
      inner: undefined,
      text: "",
    };
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === 10) message.toString = reader.string();
      else if (tag === 16) message.hasOwnProperty = reader.bool();
      else if (tag === 26) message.constructor = Odd.decode(reader, reader.uint32());
      else if (tag === 34) message.inner = Odd.decode(reader, reader.uint32());
      else if (tag === 42) message.text = reader.string();
      else reader.skip(tag & 7);
    }
    (reader as unknown as { __tsProtoDecodeDepth: number }).__tsProtoDecodeDepth = depth;
    return message;
  },
  fromPartial(object: PartialOdd): Odd {
    const of = (each: unknown) => (each === undefined || each === null ? undefined : Odd.fromPartial(each));
    return {
      toString: (object.toString as string | undefined) ?? "",
      hasOwnProperty: (object.hasOwnProperty as boolean | undefined) ?? false,
      constructor: of(object.constructor),
      inner: of(object.inner),
      text: (object.text as string | undefined) ?? "",
    };
  },
};

describe("fields", () => {
  const [method] = methodsOf({
    fullName: "names.Odd",
    methods: {
      odd: {
        name: "Odd",
        requestType: Odd,
        requestStream: false,
        responseType: Odd,
        responseStream: false,
        options: {},
      },
    },
  });
  const none: Odd = {
    toString: "",
    hasOwnProperty: false,
    constructor: undefined,
    inner: undefined,
    text: "",
  };

  test.each<[what: string, message: PartialOdd, expected: Odd]>([
    ["missing", {}, none],
    ["missing beside others", { text: "x" }, { ...none, text: "x" }],
    ["missing inside", { inner: { text: "x" } }, { ...none, inner: { ...none, text: "x" } }],
    ["given", { toString: "a", hasOwnProperty: true }, { ...none, toString: "a", hasOwnProperty: true }],
    [
      "given inside",
      { constructor: { toString: "a" } },
      { ...none, constructor: { ...none, toString: "a" } },
    ],
    ["all given", { ...none, toString: "a" }, { ...none, toString: "a" }],
  ])("with names that every object inherits, %s, are the message's own", (_what, message, expected) => {
    // Twice: a codec remembers that messages were partial.
    for (const _ of [1, 2]) {
      const bytes = serialize(method!.request, message);
      expect(deserialize(method!.request, bytes)).toEqual(expected);
    }
  });
});
