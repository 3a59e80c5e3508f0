import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { testCertificates } from "@callwire/testkit";
import { Metadata, Status } from "nice-grpc-common";
import { ChannelCredentials } from "../client/channel-credentials.js";
import { createChannel, type Channel } from "../client/channel.js";
import { createClient } from "../client/create-client.js";
import type { CallOptions, Client } from "../client/client-types.js";
import { collect, failureOf } from "./outcomes.js";
import { TestServiceDefinition, UnimplementedServiceDefinition } from "./gen/grpc/testing/interop.js";
import { ECHO_HEADER, ECHO_TRAILER, echoedMetadata } from "./interop-service.js";
import { makeStubs, python, scriptArguments, warnWithoutPython } from "./python.js";

// gRPC's interoperability test cases with our client, against the implementation that most other languages share.

const name = "our client, Python's grpcio server";
warnWithoutPython(name);

let stubs: string;
beforeAll(async () => {
  stubs = await mkdtemp(join(tmpdir(), "callwire-"));
  if (python !== undefined) await makeStubs(stubs);
});
afterAll(() => rm(stubs, { recursive: true }));

const payload = (size: number) => ({ payload: { body: Buffer.alloc(size) } });
const sizesOf = async (messages: AsyncIterable<{ payload?: { body: Uint8Array } | undefined }>) =>
  (await collect(messages)).map((message) => message.payload!.body.length);
async function* stream<T>(...all: T[]): AsyncIterable<T> {
  yield* all;
}

(python === undefined ? describe.skip : describe).each([false, true])(`${name}, TLS: %s`, (tls) => {
  let server: ChildProcess;
  let channel: Channel;
  let client: Client<TestServiceDefinition>;

  beforeAll(async () => {
    const pem = tls ? await testCertificates() : undefined;
    server = spawn(python!, scriptArguments(stubs, "interop_server.py"), {
      env: { ...process.env, ...(pem && { INTEROP_CERT: pem.server.cert, INTEROP_KEY: pem.server.key }) },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const [port] = (await once(server.stdout!, "data")) as [Buffer];
    channel = createChannel(
      `localhost:${Number(port.toString())}`,
      pem ? ChannelCredentials.createSsl(Buffer.from(pem.ca)) : ChannelCredentials.createInsecure(),
    );
    client = createClient(TestServiceDefinition, channel);
  });
  afterAll(async () => {
    channel.close();
    const ended = once(server, "exit");
    server.stdin!.end();
    await ended;
  });

  test("empty_unary, large_unary, compressed both ways", async () => {
    expect(await client.emptyCall({})).toEqual({});
    for (const compression of ["identity", "gzip"] as const) {
      for (const value of [true, false]) {
        const request = { responseCompressed: { value }, responseSize: 314_159, ...payload(271_828) };
        const response = await client.unaryCall(request, { compression });
        expect(response.payload!.body).toHaveLength(314_159);
      }
    }
  });

  test("client_streaming, server_streaming, server_compressed_streaming", async () => {
    const requests = [27_182, 8, 1828, 45_904].map(payload);
    expect((await client.streamingInputCall(stream(...requests))).aggregatedPayloadSize).toBe(74_922);
    const sizes = [31_415, 9, 2653, 58_979];
    for (const compressed of [false, true]) {
      const responseParameters = sizes.map((size, index) => ({
        size,
        compressed: { value: compressed && index % 2 === 0 },
      }));
      expect(await sizesOf(client.streamingOutputCall({ responseParameters }))).toEqual(sizes);
    }
  });

  test("client_compressed_streaming, without its probe: grpcio does not tell what came compressed", async () => {
    const [compressed, plain] = [payload(27_182), payload(45_904)];
    const summary = await client.streamingInputCall(stream(compressed, plain), {
      compression: "gzip",
      compressMessage: (message) => message === compressed,
    });
    expect(summary.aggregatedPayloadSize).toBe(73_086);
  });

  test("ping_pong, empty_stream", async () => {
    const sizes = [31_415, 9, 2653, 58_979];
    let answered = () => {};
    const requests = (async function* () {
      for (const size of sizes) {
        const next = new Promise<void>((resolve) => (answered = resolve));
        yield { responseParameters: [{ size }], ...payload(size) };
        await next;
      }
    })();
    const got: number[] = [];
    for await (const response of client.fullDuplexCall(requests)) {
      got.push(response.payload!.body.length);
      answered();
    }
    expect(got).toEqual(sizes);
    expect(await sizesOf(client.fullDuplexCall(stream()))).toEqual([]);
  });

  test("custom_metadata", async () => {
    const check = async (call: (options: CallOptions) => Promise<unknown>) => {
      let header = Metadata();
      let trailer = Metadata();
      await call({
        metadata: echoedMetadata(),
        onHeader: (got) => (header = got),
        onTrailer: (got) => (trailer = got),
      });
      expect(header.get(ECHO_HEADER)).toBe("test_initial_metadata_value");
      expect([...trailer.get(ECHO_TRAILER)!]).toEqual([0xab, 0xab, 0xab]);
    };
    await check((options) => client.unaryCall({ responseSize: 314_159, ...payload(271_828) }, options));
    const request = { responseParameters: [{ size: 314_159 }], ...payload(271_828) };
    await check((options) => sizesOf(client.fullDuplexCall(stream(request), options)));
  });

  test("status_code_and_message, special_status_message", async () => {
    for (const message of [
      "test status message",
      "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n",
    ]) {
      const responseStatus = { code: 2, message };
      const expected = { code: Status.UNKNOWN, details: message };
      expect(await failureOf(client.unaryCall({ responseStatus }))).toMatchObject(expected);
      const duplex = client.fullDuplexCall(stream({ responseStatus }));
      expect(await failureOf(sizesOf(duplex))).toMatchObject(expected);
    }
  });

  test("unimplemented_method, unimplemented_service", async () => {
    const unknown = createClient(UnimplementedServiceDefinition, channel);
    expect((await failureOf(client.unimplementedCall({}))).code).toBe(Status.UNIMPLEMENTED);
    expect((await failureOf(unknown.unimplementedCall({}))).code).toBe(Status.UNIMPLEMENTED);
  });

  test("cancel_after_begin, cancel_after_first_response", async () => {
    const early = new AbortController();
    const begun = failureOf(client.streamingInputCall(stream(), { signal: early.signal }));
    early.abort();
    expect((await begun).name).toBe("AbortError");

    const late = new AbortController();
    const requests = (async function* () {
      yield { responseParameters: [{ size: 31_415 }] };
      await new Promise(() => {});
    })();
    const failed = failureOf(
      (async () => {
        for await (const response of client.fullDuplexCall(requests, { signal: late.signal })) {
          expect(response.payload!.body).toHaveLength(31_415);
          late.abort();
        }
      })(),
    );
    expect((await failed).name).toBe("AbortError");
  });

  test("timeout_on_sleeping_server", async () => {
    const responseParameters = [{ size: 1, intervalUs: 500_000 }];
    const call = client.streamingOutputCall({ responseParameters }, { deadline: Date.now() + 50 });
    expect((await failureOf(sizesOf(call))).code).toBe(Status.DEADLINE_EXCEEDED);
  });
});
