// What an application gives and what it gets is the same over each runtime: messages as they were when they were given, metadata
// without the blanks around it, and no stream of requests that seems whole because its caller broke it off.
import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createClient, Metadata, type ServiceClient } from "@callwire/client-sdk";
import { niceGrpc as clientNiceGrpc } from "@callwire/client-sdk/nice-grpc";
import { createServer } from "@callwire/server-kit";
import { niceGrpc as serverNiceGrpc } from "@callwire/server-kit/nice-grpc";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";
import { afterAll, describe, expect, test } from "@jest/globals";

declare const runtimeName: "nice-grpc" | "transport";

const overNiceGrpc = runtimeName === "nice-grpc";
type Handlers = Partial<ReturnType<typeof echoService>>;
const ends: (() => unknown)[] = [];
afterAll(() => Promise.all(ends.map((end) => end())));

async function serve(handlers: Handlers): Promise<string> {
  const server = createServer({ ...(overNiceGrpc && { runtime: serverNiceGrpc }) });
  server.add(EchoServiceDefinition, { ...echoService(), ...handlers });
  ends.push(() => server.forceShutdown());
  return `127.0.0.1:${await server.listen("127.0.0.1:0")}`;
}

function call(address: string): ServiceClient<typeof EchoServiceDefinition> {
  const client = createClient(EchoServiceDefinition, {
    address,
    ...(overNiceGrpc && { runtime: clientNiceGrpc }),
  });
  ends.push(() => client.close());
  return client;
}

async function textsOf(messages: AsyncIterable<{ text: string }>): Promise<string[]> {
  const texts = [];
  for await (const { text } of messages) texts.push(text);
  return texts;
}

describe("a stream of requests that its caller breaks off", () => {
  const broken = new Error("the source is broken");
  const source = async function* (isRead: Promise<unknown>) {
    yield { text: "a" };
    await isRead;
    throw broken;
  };

  test.each(["echoClientStream", "echoBidiStream"] as const)("fails in %s's handler", async (name) => {
    const events = new EventTarget();
    const isRead = once(events, "read");
    const ended = once(events, "ended");
    let outcome = "";
    const read = async (requests: AsyncIterable<{ text: string }>) => {
      try {
        for await (const _ of requests) events.dispatchEvent(new Event("read"));
        outcome = "whole";
      } catch (error) {
        outcome = (error as Error).name;
        throw error;
      } finally {
        events.dispatchEvent(new Event("ended"));
      }
    };
    const address = await serve({
      echoClientStream: async (requests) => (await read(requests), {}),
      async *echoBidiStream(requests) {
        await read(requests);
        yield { text: "" };
      },
    });
    // Over the transport in both runs: node:http2, under grpc-js, says that a stream has ended before it resets it.
    const client = createClient(EchoServiceDefinition, { address });
    ends.push(() => client.close());
    const requests = source(isRead);
    const result =
      name === "echoClientStream"
        ? client.echoClientStream(requests)
        : textsOf(client.echoBidiStream(requests));
    await expect(result).rejects.toThrow("the requests could not be read: the source is broken");
    await ended;
    expect(outcome).toBe("AbortError");
  });
});

test("blanks around a value of metadata are left out, and the value is not", async () => {
  const address = await serve({
    echoUnary: async (_, { metadata, header, trailer }) => {
      header.set("x-header", " h ");
      trailer.set("x-trailer", " t ");
      return { text: metadata.getAll("x-request").join("|") };
    },
  });
  const received: unknown[] = [];
  const { text } = await call(address).echoUnary(
    {},
    {
      metadata: Metadata({ "x-request": " r " }),
      onHeader: (header) => received.push(header.get("x-header")),
      onTrailer: (trailer) => received.push(trailer.get("x-trailer")),
    },
  );
  expect([text, ...received]).toEqual(["r", "h", "t"]);
});

describe("a message that its owner changes", () => {
  test("as a request, after the call, goes out as it was", async () => {
    const client = call(await serve({ echoUnary: async ({ text }) => ({ text }) }));
    const request = { text: "before" };
    const response = client.echoUnary(request);
    request.text = "after";
    expect(await response).toEqual({ text: "before" });
  });

  test("as each response of a stream, goes out as it was", async () => {
    const client = call(
      await serve({
        async *echoServerStream({ count }) {
          const response = { text: "", index: 0 };
          for (response.index = 0; response.index < count; response.index++) {
            response.text = `${response.index}`;
            yield response;
          }
        },
      }),
    );
    expect(await textsOf(client.echoServerStream({ count: 5 }))).toEqual(["0", "1", "2", "3", "4"]);
  });

  test("as each request of a stream, goes out as it was", async () => {
    const client = call(await serve({}));
    const requests = async function* () {
      const request = { text: "" };
      for (const text of ["0", "1", "2"]) {
        request.text = text;
        yield request;
      }
    };
    expect(await textsOf(client.echoBidiStream(requests()))).toEqual(["0", "1", "2"]);
  });
});

test("a response that cannot be encoded closes the stream that its handler gives", async () => {
  let onClosed = () => {};
  const closed = new Promise<void>((resolve) => (onClosed = resolve));
  const client = call(
    await serve({
      async *echoServerStream() {
        try {
          yield undefined as unknown as { text: string };
          await nextTurn();
        } finally {
          onClosed();
        }
      },
    }),
  );
  await expect(textsOf(client.echoServerStream({}))).rejects.toThrow("INTERNAL: a message cannot be encoded");
  await closed;
});
