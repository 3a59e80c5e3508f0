import { once } from "node:events";
import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { connect, type IncomingHttpHeaders } from "node:http2";
import { request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createServer, tlsCredentials } from "@callwire/server-kit";
import { testCertificates, type TestCertificates } from "@callwire/testkit";
import { decompress } from "../compression/request-body.js";
import { createEdge, type Edge } from "../create-edge.js";
import { requestBytes } from "../testing/call-rpc.js";
import { frame } from "../testing/frames.js";
import { ProbeServiceDefinition } from "../testing/gen/callwire/edge/testing/v1/probe_service.js";
import { probeService } from "../testing/probe-service.js";
import { serveEdge } from "../testing/serve-edge.js";
import { HeldBytes } from "./held-bytes.js";
import { JoinedParts } from "./joined-parts.js";

test("the largest goes for lack of room, and one alone has room", () => {
  const held = new HeldBytes(100);
  const refused: string[] = [];
  const open = (name: string) => held.open(({ details }) => refused.push(`${name}: ${details}`));
  const [large, small, last] = [open("large"), open("small"), open("last")];
  large.set(150);
  expect(refused).toEqual([]);
  small.set(10);
  expect(refused).toEqual(["large: too much waits for clients, and this more than others: try again later"]);
  // It was let go, whatever still comes of it.
  large.set(1000);
  last.set(89);
  expect([held.takeSpare(1), refused.length]).toEqual([false, 1]);
  last.set(0);
  expect([held.takeSpare(41), held.takeSpare(40)]).toEqual([false, true]);
  last.set(51);
  expect(refused.slice(1)).toEqual([expect.stringMatching(/^last: /)]);
  held.giveBack(40);
  expect(held.takeSpare(40)).toBe(true);
});

test("of thousands, the largest go first, give or take a sixteenth", () => {
  const sizes = Array.from({ length: 3000 }, (_, at) => 1 + ((at * 7919) % 3001) ** 2);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const held = new HeldBytes(total);
  const left = new Set(sizes.keys());
  for (const [at, size] of sizes.entries()) held.open(() => left.delete(at)).set(size);
  const gone: number[] = [];
  for (let more = 0; more < 300; more++) {
    const before = [...left];
    held.open(() => {}).set(1_000_000);
    gone.push(...before.filter((at) => !left.has(at)).map((at) => sizes[at]!));
    const most = Math.max(...[...left].map((at) => sizes[at]!));
    expect(Math.min(...gone)).toBeGreaterThan(most * (15 / 16));
  }
  expect(gone.length).toBeGreaterThan(20);
});

test("parts are joined, however long they are", () => {
  const joined = new JoinedParts();
  for (const lengths of [[], [5], [5, 0, 7], [1, 4095, 1, 4097, 2], Array<number>(9000).fill(1)]) {
    const parts = lengths.map((length, index) => Buffer.alloc(length, index));
    for (const part of parts) joined.add(part);
    expect(joined.size).toBe(lengths.reduce((sum, length) => sum + length, 0));
    expect(Buffer.from(joined.take()).equals(Buffer.concat(parts))).toBe(true);
  }
});

test("joined parts keep little of what came with them in memory", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const joined = new JoinedParts();
  const [count, length] = [200, 5000];
  collect();
  const before = process.memoryUsage();
  for (let index = 0; index < count; index++)
    joined.add(Buffer.allocUnsafeSlow(64 * 1024).subarray(0, length));
  const kept = (): number => {
    collect();
    return process.memoryUsage().arrayBuffers - before.arrayBuffers;
  };
  // A thread gives back what was collected.
  for (let turns = 0; turns < 100 && kept() >= 2 * count * length; turns++)
    await new Promise((resolve) => setImmediate(resolve));
  expect(kept()).toBeLessThan(2 * count * length);
  expect(joined.take()).toHaveLength(count * length);
});

/** A request whose body comes in parts. */
interface Upload {
  write(bytes: Uint8Array | string): void;
  end(): void;
  readonly answer: Promise<{ status: number | undefined; retryAfter: string | undefined; text: string }>;
}

/** Opens a POST with these fields. */
type Open = (path: string, fields: Record<string, string>) => Upload;

function http1Upload(sent: ClientRequest): Upload {
  sent.on("error", () => {});
  const answer = once(sent, "response").then(async ([response]) => {
    const { statusCode: status, headers } = response as IncomingMessage;
    return { status, retryAfter: headers["retry-after"], text: await text(response as IncomingMessage) };
  });
  return { write: (bytes) => void sent.write(bytes), end: () => void sent.end(), answer };
}

/** Opens requests on one connection of HTTP/2. */
function http2Uploads(url: string, ca?: string): { open: Open; close(): void } {
  // What waits to be sent is memory of the session, of which there is a limit.
  const session = connect(url, { ca, maxSessionMemory: 100 });
  const open: Open = (path, fields) => {
    const stream = session.request({ ":method": "POST", ":path": path, ...fields });
    stream.on("error", () => {});
    const answer = once(stream, "response").then(async ([headers]) => {
      // An answer that is read to its end before its request has ended frees the stream, in Node.js 20, while nghttp2 still uses it:
      // it must not be read from within the frame.
      await new Promise(setImmediate);
      const { ":status": status, "retry-after": retryAfter } = headers as IncomingHttpHeaders;
      return { status: Number(status), retryAfter: String(retryAfter), text: await text(stream) };
    });
    return { write: (bytes) => void stream.write(bytes), end: () => void stream.end(), answer };
  };
  return { open, close: () => session.destroy() };
}

function fetchUpload(edge: Edge, path: string, headers: Record<string, string>): Upload {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
  const init = { method: "POST", headers, body, duplex: "half" } as RequestInit;
  const answer = edge.fetch(new Request(`http://x${path}`, init)).then(async (response) => ({
    status: response.status,
    retryAfter: response.headers.get("retry-after") ?? undefined,
    text: await response.text(),
  }));
  return {
    write: (bytes) => controller.enqueue(Buffer.from(bytes)),
    end: () => controller.close(),
    answer,
  };
}

let certificates: TestCertificates;
beforeAll(async () => {
  certificates = await testCertificates();
});

/** Serves the probe, in clear text or by TLS. */
async function serveProbe(tls: boolean) {
  const server = createServer().add(ProbeServiceDefinition, probeService());
  const edge = createEdge({ server, limits: { maxBodyBytes: 1000, maxBufferedBytes: 1500 } });
  server.http(edge);
  const port = await server.listen("127.0.0.1:0", tls ? tlsCredentials(certificates.server) : undefined);
  return { edge, port, close: () => server.forceShutdown() };
}

/** The ways to a probe. */
async function openWays() {
  const [clear, tls] = await Promise.all([serveProbe(false), serveProbe(true)]);
  const { ca } = certificates;
  const sessions = [
    http2Uploads(`http://127.0.0.1:${clear.port}`),
    http2Uploads(`https://localhost:${tls.port}`, ca),
  ];
  const options = { method: "POST", host: "localhost", ca, agent: false };
  const ways: Record<string, Open> = {
    "HTTP/1.1": (path, headers) =>
      http1Upload(httpRequest({ ...options, host: "127.0.0.1", port: clear.port, path, headers })),
    "HTTP/1.1 by TLS": (path, headers) =>
      http1Upload(httpsRequest({ ...options, port: tls.port, path, headers })),
    "HTTP/2": sessions[0]!.open,
    "HTTP/2 by TLS": sessions[1]!.open,
    fetch: (path, headers) => fetchUpload(clear.edge, path, headers),
  };
  const close = () => [...sessions, clear, tls].forEach((each) => each.close());
  return { ways, close };
}

const TOO_MUCH = "too much waits for clients";
const BIND = "/v1/shelves/1/books/2:bind";
const RPC = "/callwire.edge.testing.v1.ProbeService";
const json = (length: number) => `{"id":"${"x".repeat(length - 9)}"}`;
const sum = (label: string) => Buffer.from(requestBytes("Sum", { number: 1, label }));

/** A kind of body: its type, and a body of so many bytes, about. */
type Kind = [name: string, path: string, type: string, body: (length: number) => Uint8Array | string];
const kinds: Kind[] = [
  ["a body", BIND, "application/json", json],
  ["a line", "/v1/sums/a", "application/x-ndjson", (length) => `{"number":${" ".repeat(length)}1}`],
  ["gRPC-Web", `${RPC}/Bind`, "application/grpc-web+json", (length) => frame(0, json(length))],
  [
    "a message of gRPC-Web in base64",
    `${RPC}/Sum`,
    "application/grpc-web-text+proto",
    (length) => frame(0, sum("x".repeat(length))).toString("base64"),
  ],
  [
    "a message of Connect",
    `${RPC}/Sum`,
    "application/connect+proto",
    (length) => frame(0, sum("x".repeat(length))),
  ],
];

describe("what is not whole", () => {
  let served: Awaited<ReturnType<typeof openWays>>;
  beforeAll(async () => {
    served = await openWays();
  });
  afterAll(() => served.close());

  test.each(
    ["HTTP/1.1", "HTTP/1.1 by TLS", "HTTP/2", "HTTP/2 by TLS", "fetch"].flatMap((way) =>
      kinds.map((kind) => [kind[0], way, kind] as const),
    ),
  )("of %s over %s is refused if it is the largest, and others are not", async (_, way, kind) => {
    const [, path, type, body] = kind;
    const open = served.ways[way]!;
    // Twice: what was refused, or has come, counts no more.
    for (let round = 0; round < 2; round++) {
      const [large, small] = [body(900), body(700)];
      const uploads = [large, small].map((bytes) => {
        const upload = open(path, { "content-type": type });
        upload.write(bytes.slice(0, -4));
        return upload;
      });
      const refused = await uploads[0]!.answer;
      const status = /grpc|connect\+/.test(type) ? 200 : 503;
      const told = type.includes("text") ? Buffer.from(refused.text, "base64").toString() : refused.text;
      expect([refused.status, told]).toEqual([status, expect.stringContaining(TOO_MUCH)]);
      if (status === 503) expect(refused.retryAfter).toBe("1");
      uploads[1]!.write(small.slice(-4));
      uploads[1]!.end();
      const taken = await uploads[1]!.answer;
      expect([taken.status, taken.text]).toEqual([200, expect.not.stringContaining("status: 8")]);
    }
  });
});

test("of HTTP/2, what still comes of a body that was refused keeps no other from coming", async () => {
  await using served = await serveEdge({ options: { limits: { maxBufferedBytes: 0 } } });
  const { open, close } = http2Uploads(served.url);
  const fields = { "content-type": "application/json" };
  const first = open(BIND, fields);
  first.write("{");
  // More than the window of the connection, all together.
  const refused = Array.from({ length: 5 }, () => {
    const upload = open(BIND, fields);
    upload.write(Buffer.alloc(3_900_000, " "));
    return upload.answer;
  });
  for (const { status, retryAfter } of await Promise.all(refused))
    expect([status, retryAfter]).toEqual([503, "1"]);
  first.write("}");
  first.end();
  expect((await first.answer).status).toBe(200);
  close();
});

describe("compression", () => {
  const spaces = Buffer.alloc(100_000, " ");

  test("counts both forms of a body, and what its decompressor takes", async () => {
    const held = new HeldBytes(250_000);
    const limits = { maxBytes: 200_000, timeoutMs: 1000, held };
    const read = () => decompress("gzip", gzipSync(spaces), limits, "content-encoding");
    const results = await Promise.allSettled([read(), read()]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(results.find(({ status }) => status === "rejected")).toMatchObject({
      reason: { code: 8, httpStatus: 503 },
    });
    expect((await read()).length).toBe(spaces.length);
  });

  test("counts the window that a sender of Brotli chooses", async () => {
    await using served = await serveEdge({ options: { limits: { maxBufferedBytes: 20 * 1024 * 1024 } } });
    const { open, close } = http2Uploads(served.url);
    const lines = Buffer.alloc(50_000, "\n");
    const compress = (bits: number) =>
      brotliCompressSync(lines, {
        params: { [constants.BROTLI_PARAM_LGWIN]: bits, [constants.BROTLI_PARAM_QUALITY]: 5 },
      });
    const begin = (bits: number): Upload => {
      const upload = open("/v1/sums/a", { "content-type": "application/x-ndjson", "content-encoding": "br" });
      upload.write(compress(bits).subarray(0, -1));
      return upload;
    };
    const small = begin(18);
    const first = begin(24);
    const second = begin(24);
    expect((await Promise.race([first.answer, second.answer])).status).toBe(503);
    small.write(compress(18).subarray(-1));
    small.end();
    expect((await small.answer).status).toBe(200);
    close();
  });

  test("of streams of answers is left out where its memory would be too much", async () => {
    await using served = await serveEdge({ options: { limits: { maxBufferedBytes: 400 * 1024 } } });
    const talk = async (accept: string) => {
      const headers = { "content-type": "application/x-ndjson", "accept-encoding": accept };
      const sent = httpRequest(`${served.url}/v1/talk`, { method: "POST", headers, agent: false });
      sent.write('{"text":"a"}\n');
      const [{ statusCode, headers: fields }] = (await once(sent, "response")) as [IncomingMessage];
      return { sent, outcome: [statusCode, fields["content-encoding"]] };
    };
    const first = await talk("gzip");
    const others = [await talk("gzip"), await talk("gzip, identity;q=0")];
    expect([first, ...others].map(({ outcome }) => outcome)).toEqual([
      [200, "gzip"],
      [200, undefined],
      [503, undefined],
    ]);
    first.sent.destroy();
    // It ends a little after its client.
    let next = await talk("gzip");
    while (next.outcome[1] === undefined) {
      next.sent.destroy();
      next = await talk("gzip");
    }
    for (const { sent } of [...others, next]) sent.destroy();
  });
});

test("answers that are not taken are bounded all together, over HTTP/1.1", async () => {
  await using served = await serveEdge({ options: { limits: { maxBufferedBytes: 150_000 } } });
  const responses: IncomingMessage[] = [];
  for (let i = 0; i < 3; i++) {
    const sent = httpRequest(`${served.url}/v1/numbers?padding=100000`, { agent: false }).end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    responses.push(response.on("error", () => {}));
  }
  while (served.seen.ended < 2) await new Promise((resolve) => setImmediate(resolve));
  const { made } = served.seen;
  for (const response of responses) response.resume();
  while (served.seen.made < made + 50) await new Promise((resolve) => setImmediate(resolve));
  expect(served.seen.ended).toBe(2);
  for (const response of responses) response.destroy();
});
