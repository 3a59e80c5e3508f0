import { setTimeout as wait } from "node:timers/promises";
import { expect } from "@jest/globals";
import { CallError, createClient, Metadata, Status } from "@callwire/client-sdk";
import { EchoServiceDefinition } from "@callwire/testkit";
import { startEchoServers, type EchoServers } from "./echo-server.js";
import { clientRuntimes, isAtLength, testProxies, type NamedClientRuntime } from "./each-proxy.js";
import type { ProxyProgram } from "./programs.js";
import { links, startProxy, type Link, type Proxy } from "./proxy.js";

const MIB = 1 << 20;

type Client = ReturnType<typeof clientOf>;

function clientOf(proxy: Proxy, link: Link, runtime: NamedClientRuntime, gzip = false) {
  return createClient(EchoServiceDefinition, {
    ...proxy.client(link),
    ...runtime.options,
    ...(gzip && { channelOptions: { "grpc.default_compression_algorithm": 2 } }),
  });
}

async function* texts(count: number, text: string) {
  for (let index = 0; index < count; index++) yield { text };
}

async function fourShapes(client: Client): Promise<void> {
  expect(await client.echoUnary({ text: "one" })).toEqual({ text: "one" });

  let index = 0;
  for await (const answer of client.echoServerStream({ text: "many", count: 50 })) {
    expect(answer).toEqual({ text: "many", index: index++ });
  }
  expect(index).toBe(50);

  expect(await client.echoClientStream(texts(50, "up"))).toEqual({ text: "100", count: 50 });

  // Each message only when the one before was answered.
  let answered: () => void = () => {};
  async function* inTurn() {
    for (let turn = 0; turn < 10; turn++) {
      const next = new Promise<void>((resolve) => (answered = resolve));
      yield { text: `turn ${turn}` };
      await next;
    }
  }
  const answers: string[] = [];
  for await (const { text } of client.echoBidiStream(inTurn())) {
    answers.push(text);
    answered();
  }
  expect(answers).toEqual(Array.from({ length: 10 }, (_, turn) => `turn ${turn}`));
}

async function metadata(client: Client): Promise<void> {
  const sent = new Metadata();
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  sent.set("x-test-text", "a value, with = and ;");
  sent.set("x-test-long", "v".repeat(6_000));
  sent.set("x-test-raw-bin", Buffer.from(bytes));
  let header = new Metadata();
  let trailer = new Metadata();
  await client.echoUnary(
    { text: "" },
    { metadata: sent, onHeader: (got) => (header = got), onTrailer: (got) => (trailer = got) },
  );
  for (const [name, got] of [
    ["x-test-", header],
    ["x-trailer-", trailer],
  ] as const) {
    expect(got.get(`${name}text`)).toBe("a value, with = and ;");
    expect(got.get(`${name}long`)?.length).toBe(6_000);
    expect(Buffer.from(got.get(`${name}raw-bin`)!)).toEqual(Buffer.from(bytes));
  }
}

async function failures(client: Client): Promise<void> {
  const fault = { code: 1, message: "", unexpected: false, waitForAbort: false };
  const missing = await client.echoUnary({ text: "7", fault }).catch((error: unknown) => error);
  expect(missing).toBeInstanceOf(CallError);
  expect(missing).toMatchObject({
    code: Status.NOT_FOUND,
    details: { resourceInfo: { resourceType: "a thing", resourceName: "7" } },
  });
  const late = client.echoUnary({ text: "", fault: { ...fault, waitForAbort: true } }, { timeoutMs: 100 });
  await expect(late).rejects.toMatchObject({ code: Status.DEADLINE_EXCEEDED });
}

/** 4 MB up in one message and in many, 15 MB down to a reader that pauses. */
async function large(client: Client): Promise<void> {
  const text = "m".repeat(4 * MIB - 100);
  expect((await client.echoUnary({ text })).text === text).toBe(true);
  const piece = "p".repeat(64 * 1024);
  expect(await client.echoClientStream(texts(64, piece))).toEqual({ text: String(4 * MIB), count: 64 });

  let length = 0;
  for await (const answer of client.echoServerStream({ text: "d".repeat(MIB / 4), count: 60 })) {
    length += answer.text.length;
    if (answer.index % 4 === 0) await wait(2);
  }
  expect(length).toBe(15 * MIB);
}

async function compressed(client: Client): Promise<void> {
  const text = "compressible ".repeat(10_000);
  expect((await client.echoUnary({ text })).text === text).toBe(true);
}

async function everyLink(program: ProxyProgram, index: number, servers: EchoServers): Promise<void> {
  await using proxy = await startProxy(program, { clear: [servers.clear], tls: servers.tls });
  for (const runtime of clientRuntimes) {
    for (const link of links) {
      try {
        await using client = clientOf(proxy, link, runtime);
        await fourShapes(client);
        await metadata(client);
        await failures(client);
        // Each link with some proxy, and all with all at length.
        if (isAtLength || (link === links[index % links.length] && runtime.name === "transport")) {
          await large(client);
        }
        await using gzip = clientOf(proxy, link, runtime, true);
        await compressed(gzip);
      } catch (error) {
        throw new Error(`${proxy.name}, ${link}, over ${runtime.name}`, { cause: error });
      }
    }
  }
}

testProxies(
  "the four shapes, metadata, details, deadlines, gzip and large messages pass",
  async (programs) => {
    await using servers = await startEchoServers();
    await Promise.all(programs.map((program, index) => everyLink(program, index, servers)));
    // One from each of the clients that compress.
    expect(servers.compressed).toBe(programs.length * links.length * clientRuntimes.length);
  },
  { timeoutMs: isAtLength ? 300_000 : 60_000 },
);
