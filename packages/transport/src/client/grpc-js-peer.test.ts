import { afterAll, beforeAll, expect, test } from "@jest/globals";
import * as grpc from "@grpc/grpc-js";
import { Metadata, Status } from "nice-grpc-common";
import { createChannel, type Channel } from "./channel.js";
import type { Client } from "./client-types.js";
import { createClient } from "./create-client.js";
import { collect, failureOf } from "../testing/outcomes.js";

const text = {
  serialize: (value: string) => Buffer.from(value),
  deserialize: (bytes: Buffer) => bytes.toString(),
};

function methodOf<Q extends boolean, R extends boolean>(path: string, requestStream: Q, responseStream: R) {
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: text.serialize,
    requestDeserialize: text.deserialize,
    responseSerialize: text.serialize,
    responseDeserialize: text.deserialize,
  };
}

// A definition of grpc-js's form, whose messages are plain text.
const definition = {
  say: methodOf("/test.Text/Say", false, false),
  chat: methodOf("/test.Text/Chat", true, true),
};

const server = new grpc.Server();
let channel: Channel;
let client: Client<typeof definition>;

beforeAll(async () => {
  server.addService(definition, {
    say(call: grpc.ServerUnaryCall<string, string>, callback: grpc.sendUnaryData<string>) {
      const trailers = new grpc.Metadata();
      trailers.set("deadline", String(call.getDeadline() !== Infinity));
      if (call.request === "fail") {
        trailers.set("reason-bin", Buffer.from([1, 2]));
        callback({ code: grpc.status.FAILED_PRECONDITION, details: "höchstens", metadata: trailers });
      } else callback(null, call.request.toUpperCase(), trailers);
    },
    chat(call: grpc.ServerDuplexStream<string, string>) {
      call.on("data", (message: string) => call.write(message.toUpperCase()));
      call.on("end", () => call.end());
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  channel = createChannel(`127.0.0.1:${port}`);
  client = createClient(definition, channel);
});
afterAll(() => {
  channel.close();
  server.forceShutdown();
});

test("definitions of grpc-js's form, unary and both ways, empty messages too", async () => {
  expect(await client.say("hello")).toBe("HELLO");
  const messages = ["a", "", "b".repeat(100_000)];
  const answers = await collect(
    client.chat(
      (async function* () {
        yield* messages;
      })(),
    ),
  );
  expect(answers).toEqual(messages.map((message) => message.toUpperCase()));
});

test("the deadline reaches the server", async () => {
  const seen: (string | undefined)[] = [];
  const onTrailer = (trailer: Metadata) => void seen.push(trailer.get("deadline"));
  await client.say("a", { onTrailer });
  await client.say("a", { onTrailer, deadline: Date.now() + 60_000 });
  await client.say("a", { onTrailer, metadata: Metadata({ "grpc-timeout": "1H" }) });
  expect(seen).toEqual(["false", "true", "true"]);
});

test("an error with trailers", async () => {
  let trailers = Metadata();
  const error = await failureOf(client.say("fail", { onTrailer: (received) => void (trailers = received) }));
  expect([error.code, error.details]).toEqual([Status.FAILED_PRECONDITION, "höchstens"]);
  expect(Buffer.from(trailers.get("reason-bin")!)).toEqual(Buffer.from([1, 2]));
});

test("a method that the server does not have", async () => {
  const other = createClient({ nothing: methodOf("/test.Text/Nothing", false, false) }, channel);
  expect((await failureOf(other.nothing("a"))).code).toBe(Status.UNIMPLEMENTED);
});

test("gzip requests", async () => {
  const long = "abc".repeat(100_000);
  expect(await client.say(long, { compression: "gzip" })).toBe(long.toUpperCase());
});
