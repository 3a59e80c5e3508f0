import { describe, expect, test } from "@jest/globals";
import { testCertificates } from "@callwire/testkit";
import { ServerCredentials as GrpcJsServerCredentials } from "@grpc/grpc-js";
import * as niceGrpc from "nice-grpc";
import { Metadata, Status } from "nice-grpc-common";
import { ChannelCredentials } from "../client/channel-credentials.js";
import type { ChannelOptions } from "../client/channel-options.js";
import { createChannel } from "../client/channel.js";
import type { CallOptions } from "../client/client-types.js";
import { createClient } from "../client/create-client.js";
import { createServer } from "../server/create-server.js";
import { ServerCredentials } from "../server/credentials.js";
import { TestServiceDefinition, UnimplementedServiceDefinition } from "./gen/grpc/testing/interop.js";
import { ECHO_HEADER, ECHO_TRAILER, echoedMetadata, interopService } from "./interop-service.js";

// gRPC's interoperability test cases, as its interop-test-descriptions has them, in the order and with the sizes there.

type TestClient = niceGrpc.Client<TestServiceDefinition>;
type Unimplemented = niceGrpc.Client<UnimplementedServiceDefinition>;

/** The service without the method that it must not have. */
const { unimplementedCall: _unimplemented, ...served } = TestServiceDefinition.methods;
const servedDefinition = { ...TestServiceDefinition, methods: served };

const serverKinds = {
  ours: { createServer, credentials: ServerCredentials },
  "grpc-js's": { createServer: niceGrpc.createServer, credentials: GrpcJsServerCredentials },
};
const clientKinds = {
  our: { createChannel, createClient, credentials: ChannelCredentials },
  "grpc-js's": {
    createChannel: niceGrpc.createChannel,
    createClient: niceGrpc.createClient,
    credentials: niceGrpc.ChannelCredentials,
  },
};

/** It takes longer to make them than to make the calls. */
const certificates = await testCertificates();

async function connect(
  client: keyof typeof clientKinds,
  server: keyof typeof serverKinds,
  tls: boolean,
  options: ChannelOptions = {},
) {
  const from = clientKinds[client];
  const to = serverKinds[server];
  const pem = tls ? certificates : undefined;
  const serving = to.createServer() as niceGrpc.Server;
  serving.add(servedDefinition, interopService());
  const port = await serving.listen(
    "127.0.0.1:0",
    pem &&
      (to.credentials.createSsl(null, [
        { private_key: Buffer.from(pem.server.key), cert_chain: Buffer.from(pem.server.cert) },
      ]) as GrpcJsServerCredentials),
  );
  const channel = from.createChannel(
    `localhost:${port}`,
    (pem ? from.credentials.createSsl(Buffer.from(pem.ca)) : from.credentials.createInsecure()) as never,
    options,
  );
  const make = from.createClient as unknown as (definition: object, channel: unknown) => unknown;
  return {
    test: make(TestServiceDefinition, channel) as TestClient,
    unimplemented: make(UnimplementedServiceDefinition, channel) as Unimplemented,
    [Symbol.asyncDispose]: async () => {
      channel.close();
      serving.forceShutdown();
    },
  };
}

const payload = (size: number) => ({ payload: { body: Buffer.alloc(size) } });
const sizesOf = async (messages: AsyncIterable<{ payload?: { body: Uint8Array } | undefined }>) => {
  const sizes: number[] = [];
  for await (const message of messages) sizes.push(message.payload!.body.length);
  return sizes;
};
const statusOf = async (call: Promise<unknown>): Promise<[Status, string]> =>
  call.then(
    () => [Status.OK, ""],
    (error: niceGrpc.ClientError) => [error.code, error.details],
  );
async function* stream<T>(...all: T[]): AsyncIterable<T> {
  yield* all;
}
/** A stream that never ends by itself. */
async function* open<T>(...all: T[]): AsyncIterable<T> {
  yield* all;
  await new Promise(() => {});
}

describe.each([
  ["grpc-js's", "ours", false],
  ["grpc-js's", "ours", true],
  ["our", "ours", false],
  ["our", "ours", true],
  ["our", "grpc-js's", false],
  ["our", "grpc-js's", true],
] as const)("%s client, %s server, TLS: %s", (client, server, tls) => {
  test("empty_unary, large_unary", async () => {
    await using peers = await connect(client, server, tls);
    expect(await peers.test.emptyCall({})).toEqual({});
    const large = await peers.test.unaryCall({ responseSize: 314_159, ...payload(271_828) });
    expect(large.payload!.body).toHaveLength(314_159);
  });

  test("client_streaming, server_streaming, ping_pong, empty_stream", async () => {
    await using peers = await connect(client, server, tls);
    const sizes = [27_182, 8, 1828, 45_904];
    const summary = await peers.test.streamingInputCall(stream(...sizes.map(payload)));
    expect(summary.aggregatedPayloadSize).toBe(74_922);
    const responseParameters = [31_415, 9, 2653, 58_979].map((size) => ({ size }));
    expect(await sizesOf(peers.test.streamingOutputCall({ responseParameters }))).toEqual([
      31_415, 9, 2653, 58_979,
    ]);

    let answered = () => {};
    const requests = (async function* () {
      for (const [index, { size }] of responseParameters.entries()) {
        const next = new Promise<void>((resolve) => (answered = resolve));
        yield { responseParameters: [{ size }], ...payload(sizes[index]!) };
        await next;
      }
    })();
    const got: number[] = [];
    for await (const { payload: one } of peers.test.fullDuplexCall(requests)) {
      got.push(one!.body.length);
      answered();
    }
    expect(got).toEqual([31_415, 9, 2653, 58_979]);
    expect(await sizesOf(peers.test.fullDuplexCall(stream()))).toEqual([]);
  });

  test("server_compressed_unary, server_compressed_streaming", async () => {
    await using peers = await connect(client, server, tls);
    for (const value of [true, false]) {
      const request = { responseCompressed: { value }, responseSize: 314_159, ...payload(271_828) };
      expect((await peers.test.unaryCall(request)).payload!.body).toHaveLength(314_159);
    }
    const responseParameters = [
      { compressed: { value: true }, size: 31_415 },
      { compressed: { value: false }, size: 92_653 },
    ];
    expect(await sizesOf(peers.test.streamingOutputCall({ responseParameters }))).toEqual([31_415, 92_653]);
  });

  test("custom_metadata", async () => {
    await using peers = await connect(client, server, tls);
    const check = async (call: (options: niceGrpc.CallOptions) => Promise<unknown>) => {
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
    await check((options) => peers.test.unaryCall({ responseSize: 314_159, ...payload(271_828) }, options));
    const request = { responseParameters: [{ size: 314_159 }], ...payload(271_828) };
    await check((options) => sizesOf(peers.test.fullDuplexCall(stream(request), options)));
  });

  test("status_code_and_message, special_status_message", async () => {
    await using peers = await connect(client, server, tls);
    for (const message of [
      "test status message",
      "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n",
    ]) {
      const responseStatus = { code: 2, message };
      expect(await statusOf(peers.test.unaryCall({ responseStatus }))).toEqual([Status.UNKNOWN, message]);
      expect(await statusOf(sizesOf(peers.test.fullDuplexCall(stream({ responseStatus }))))).toEqual([
        Status.UNKNOWN,
        message,
      ]);
    }
  });

  test("unimplemented_method, unimplemented_service", async () => {
    await using peers = await connect(client, server, tls);
    expect((await statusOf(peers.test.unimplementedCall({})))[0]).toBe(Status.UNIMPLEMENTED);
    expect((await statusOf(peers.unimplemented.unimplementedCall({})))[0]).toBe(Status.UNIMPLEMENTED);
  });

  test("cancel_after_begin, cancel_after_first_response, timeout_on_sleeping_server", async () => {
    await using peers = await connect(client, server, tls);
    const early = new AbortController();
    const begun = peers.test.streamingInputCall(stream(), { signal: early.signal });
    early.abort();
    await expect(begun).rejects.toMatchObject({ name: "AbortError" });

    const late = new AbortController();
    const request = { responseParameters: [{ size: 31_415 }], ...payload(27_182) };
    const duplex = peers.test.fullDuplexCall(open(request), { signal: late.signal });
    await expect(
      (async () => {
        for await (const { payload: one } of duplex) {
          expect(one!.body).toHaveLength(31_415);
          late.abort();
        }
      })(),
    ).rejects.toMatchObject({ name: "AbortError" });

    // What a deadline comes to for a client of this API; requests.test.ts has it on the wire.
    const slow = { responseParameters: [{ size: 1, intervalUs: 30_000_000 }] };
    const deadline = AbortSignal.timeout(20);
    await expect(sizesOf(peers.test.fullDuplexCall(open(slow), { signal: deadline }))).rejects.toBeDefined();
  });
});

/** Options of a call that says that it uses gzip, and compresses these of its messages. */
const compressing = (...compressed: object[]): CallOptions => ({
  compression: "gzip",
  compressMessage: (message) => compressed.includes(message as object),
});
const expecting = (value: boolean, size: number) => ({ expectCompressed: { value }, ...payload(size) });
const expectingUnary = (value: boolean) => ({ ...expecting(value, 271_828), responseSize: 314_159 });

// grpc-js does not tell handlers whether a message came compressed: its server refuses none, and the probes are left out.
describe.each([
  ["ours", false],
  ["ours", true],
  ["grpc-js's", false],
  ["grpc-js's", true],
] as const)("our client, %s server, TLS: %s, compressed requests", (server, tls) => {
  const probes = server === "ours";

  test("client_compressed_unary", async () => {
    await using peers = await connect("our", server, tls);
    const [compressed, plain] = [expectingUnary(true), expectingUnary(false)];
    if (probes) {
      const probe = statusOf(peers.test.unaryCall(compressed, compressing()));
      expect(await probe).toEqual([Status.INVALID_ARGUMENT, "the message is not compressed"]);
      const reverse = statusOf(peers.test.unaryCall(plain, compressing(plain)));
      expect(await reverse).toEqual([Status.INVALID_ARGUMENT, "the message is compressed"]);
    }
    for (const request of [compressed, plain]) {
      const response = await peers.test.unaryCall(request, compressing(compressed));
      expect(response.payload!.body).toHaveLength(314_159);
    }
  });

  test("client_compressed_streaming", async () => {
    await using peers = await connect("our", server, tls);
    const [compressed, plain] = [expecting(true, 27_182), expecting(false, 45_904)];
    if (probes) {
      const probe = statusOf(peers.test.streamingInputCall(stream(compressed), compressing()));
      expect(await probe).toEqual([Status.INVALID_ARGUMENT, "the message is not compressed"]);
      const reverse = stream(compressed, plain);
      expect(
        (await statusOf(peers.test.streamingInputCall(reverse, compressing(compressed, plain))))[0],
      ).toBe(Status.INVALID_ARGUMENT);
    }
    const summary = await peers.test.streamingInputCall(stream(compressed, plain), compressing(compressed));
    expect(summary.aggregatedPayloadSize).toBe(73_086);
  });
});

// Here all messages of a channel are compressed, or none.
test.each([false, true])("grpc-js's client, our server, TLS: %s: client_compressed_unary", async (tls) => {
  await using gzip = await connect("grpc-js's", "ours", tls, { "grpc.default_compression_algorithm": 2 });
  await using identity = await connect("grpc-js's", "ours", tls);
  for (const value of [true, false]) {
    const request = expectingUnary(value);
    const [right, wrong] = value ? [gzip, identity] : [identity, gzip];
    expect((await statusOf(wrong.test.unaryCall(request)))[0]).toBe(Status.INVALID_ARGUMENT);
    expect((await right.test.unaryCall(request)).payload!.body).toHaveLength(314_159);
  }
});
