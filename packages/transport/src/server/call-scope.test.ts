import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, expect, test } from "@jest/globals";
import { EchoServiceDefinition, echoService, type EchoUnaryRequest } from "@callwire/testkit";
import { Metadata, ServerError, Status, type CallContext } from "nice-grpc-common";
import { echoClient } from "../testing/echo-client.js";
import { phasedServer } from "../testing/echo-server.js";
import type { ServerPhases } from "./server-phases.js";

// What runs for one call sees what that call entered into an AsyncLocalStorage, and never what another one did.

const storage = new AsyncLocalStorage<string>();
afterEach(() => storage.disable());

const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const TEXTS = Array.from({ length: 20 }, (_, index) => `call ${index}`);

async function serve(phases: ServerPhases, handlers: object) {
  const server = phasedServer(phases);
  server.add(EchoServiceDefinition, { ...echoService(), ...handlers });
  const port = await server.listen("127.0.0.1:0");
  const { client, channel } = echoClient(`127.0.0.1:${port}`);
  // From here on, what the client sends in one turn comes in one read.
  await client.echoUnary({ text: "" }).catch(() => {});
  return {
    client,
    [Symbol.asyncDispose]: async () => {
      channel.close();
      server.forceShutdown();
    },
  };
}

test("handlers that enter a store in one read of the socket do not see each other's", async () => {
  const before: unknown[] = [];
  await using served = await serve(
    {},
    {
      async echoUnary({ text }: EchoUnaryRequest) {
        before.push(storage.getStore());
        storage.enterWith(text);
        await turn();
        return { text: storage.getStore() };
      },
    },
  );
  const answers = await Promise.all(TEXTS.map(async (text) => served.client.echoUnary({ text })));
  expect(answers.map(({ text }) => text)).toEqual(TEXTS);
  expect(new Set(before)).toEqual(new Set([undefined]));
});

test("what the first phase enters, the handler and the later phases see", async () => {
  const seen: string[] = [];
  const see = (phase: string) => seen.push(`${phase} ${storage.getStore()}`);
  const phases: ServerPhases = {
    arrived: (call) => storage.enterWith(call.metadata.get("x-who") ?? ""),
    request: (message) => {
      see("request");
      return message;
    },
    failed: (thrown) => {
      see("failed");
      return thrown;
    },
    ended: () => void see("ended"),
  };
  await using served = await serve(phases, {
    async echoUnary() {
      see("handler");
      await turn();
      see("callback");
      throw new ServerError(Status.NOT_FOUND, "none");
    },
  });
  await served.client.echoUnary({}, { metadata: Metadata({ "x-who": "me" }) }).catch(() => {});
  expect(new Set(seen)).toEqual(
    new Set(
      ["", "me"].flatMap((who) =>
        ["request", "handler", "callback", "failed", "ended"].map((phase) => `${phase} ${who}`),
      ),
    ),
  );
});

test.each(["server stream", "bidi stream"])("the whole of a %s sees its own", async (shape) => {
  const seen = new Set<string>();
  async function* stream({ metadata, signal, sendHeader }: CallContext, requests: AsyncIterable<unknown>) {
    const who = metadata.get("x-who")!;
    expect(storage.getStore()).toBeUndefined();
    storage.enterWith(who);
    signal.addEventListener("abort", () => seen.add(`abort of ${who}: ${storage.getStore()}`));
    sendHeader();
    try {
      for await (const _ of requests) {
        for (let index = 0; ; index++) {
          yield { text: `${storage.getStore()}`, index };
          if (index % 3 === 0) await turn();
        }
      }
    } finally {
      seen.add(`finally of ${who}: ${storage.getStore()}`);
    }
  }
  async function* once() {
    yield {};
  }
  await using served = await serve(
    {},
    {
      echoServerStream: (_: unknown, context: CallContext) => stream(context, once()),
      echoBidiStream: (requests: AsyncIterable<unknown>, context: CallContext) => stream(context, requests),
    },
  );
  const whos = ["a", "b", "c"];
  await Promise.all(
    whos.map(async (who) => {
      const options = { metadata: Metadata({ "x-who": who }) };
      async function* requests() {
        yield { text: "x" };
      }
      const answers =
        shape === "server stream"
          ? served.client.echoServerStream({}, options)
          : served.client.echoBidiStream(requests(), options);
      let count = 0;
      for await (const { text } of answers) {
        expect(text).toBe(who);
        if (++count === 50) break;
      }
    }),
  );
  while (seen.size < 2 * whos.length) await turn();
  expect(Array.from(seen).toSorted()).toEqual(
    whos.flatMap((who) => [`abort of ${who}: ${who}`, `finally of ${who}: ${who}`]).toSorted(),
  );
});
