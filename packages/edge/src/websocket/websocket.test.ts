import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, jest, test } from "@jest/globals";
import { deadlines } from "@callwire/transport";
import { auth, createLogger, errorBoundary, logging, type AnyMiddleware } from "@callwire/server-kit";
import { fakeClock } from "@callwire/transport/testing";
import { ServerError, Status, type Metadata } from "nice-grpc-common";
import { WebSocket } from "ws";
import { WhisperRequest, WhisperResponse } from "../testing/gen/callwire/edge/testing/v1/library_service.js";
import { SumRequest, SumResponse } from "../testing/gen/callwire/edge/testing/v1/probe_service.js";
import { send, serveEdge, type Behind, type ServedEdge } from "../testing/serve-edge.js";

const JSON_PROTOCOL = "callwire.v1.json";
const PROTO_PROTOCOL = "callwire.v1.proto";
const SERVICE = "/callwire.edge.testing.v1";
const quiet = createLogger({ level: "silent" });

/** A socket, with all that comes over it. */
class Client {
  readonly socket: WebSocket;
  readonly messages: (string | Buffer)[] = [];
  readonly closed: Promise<[code: number, reason: string]>;

  constructor(
    { port }: { port: number },
    path: string,
    protocols: string[] = [],
    options: WebSocket.ClientOptions = {},
  ) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, options);
    this.socket.on("message", (data, isBinary) =>
      this.messages.push(isBinary ? (data as Buffer) : (data as Buffer).toString()),
    );
    this.socket.on("error", () => {});
    this.closed = once(this.socket, "close").then(([code, reason]) => [code as number, String(reason)]);
  }

  /** Sends messages when the socket is open. */
  async send(...messages: (string | Uint8Array)[]): Promise<void> {
    if (this.socket.readyState === WebSocket.CONNECTING) await once(this.socket, "open");
    for (const message of messages) this.socket.send(message);
  }

  /** The objects that came as JSON. */
  get json(): unknown[] {
    return this.messages.map((message) => JSON.parse(message as string) as unknown);
  }
}

/** The answer to a handshake that is refused. */
async function refusal(
  { port }: { port: number },
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<[status: number | undefined, reason: string | undefined]> {
  const handshake = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-key": Buffer.alloc(16).toString("base64"),
    "sec-websocket-version": "13",
  };
  const request = httpRequest({ port, path, method, headers: { ...handshake, ...headers } }).end();
  request.on("upgrade", (_, socket) => request.emit("error", socket.destroy()));
  const [response] = (await once(request, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk as string;
  return [response.statusCode, /"reason":"(\w+)"/.exec(text)?.[1]];
}

/** Waits, a turn of the event loop at a time, until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

describe.each<Behind>(["server", "channel"])("before a %s, a WebSocket has", (behind) => {
  test("a stream of both directions, at its rule's path, in JSON", async () => {
    await using served = await serveEdge({ behind });
    const client = new Client(served, "/v1/talk", [JSON_PROTOCOL]);
    await client.send('{"text":"a"}');
    await until(() => client.messages.length === 1);
    expect([client.socket.protocol, client.socket.extensions]).toEqual([JSON_PROTOCOL, ""]);
    await client.send('{"text":"b"}', "");
    expect(await client.closed).toEqual([1000, ""]);
    expect(client.json).toEqual([{ text: "a!" }, { text: "b!" }]);
  });

  test("one without a rule, at the method's own path, in protobuf", async () => {
    await using served = await serveEdge({ behind });
    const client = new Client(served, `${SERVICE}.LibraryService/Whisper`, [PROTO_PROTOCOL]);
    // A message of defaults has no bytes, and ends nothing.
    await client.send(WhisperRequest.encode({ text: "LOUD" }).finish(), new Uint8Array(0), "");
    expect(await client.closed).toEqual([1000, ""]);
    expect(client.messages.map((bytes) => WhisperResponse.decode(bytes as Buffer))).toEqual([
      { text: "loud" },
      { text: "" },
    ]);
  });

  test("a stream of responses, whose request is the URL or the first message", async () => {
    await using served = await serveEdge({ behind });
    const byUrl = new Client(served, "/v1/numbers?count=2");
    expect(await byUrl.closed).toEqual([1000, ""]);
    const numbers = [1, 2].map((number) => ({ number, resumeToken: `${number}` }));
    expect(byUrl.json).toEqual(numbers);
    const byMessage = new Client(served, `${SERVICE}.ProbeService/WatchNumbers`);
    await byMessage.send('{"count":2}', "");
    expect(await byMessage.closed).toEqual([1000, ""]);
    expect(byMessage.json).toEqual(numbers);
  });

  test("a stream of requests, with the path's values in each", async () => {
    await using served = await serveEdge({ behind });
    const json = new Client(served, "/v1/sums/a%20b");
    await json.send('{"number":1}', '{"number":2,"label":"x"}', "");
    expect(await json.closed).toEqual([1000, ""]);
    expect(json.json).toEqual([{ sum: 3, count: 2, labels: ["a b", "a b"] }]);
    const proto = new Client(served, "/v1/sums/c", [PROTO_PROTOCOL]);
    await proto.send(SumRequest.encode({ number: 5, label: "" }).finish(), "");
    await proto.closed;
    expect(SumResponse.decode(proto.messages[0] as Buffer)).toEqual({ sum: 5, count: 1, labels: ["c"] });
  });

  test("the call's status: as its code, and as the last message", async () => {
    await using served = await serveEdge({ behind });
    const failed = new Client(served, "/v1/numbers?count=1&fail_code=5");
    expect(await failed.closed).toEqual([4005, "NOT_FOUND: failed with 5"]);
    expect(failed.json[1]).toEqual({ error: { code: 404, message: "failed with 5", status: "NOT_FOUND" } });
    const wrong = new Client(served, "/v1/sums/a");
    await wrong.send('{"number":1}', '{"number":"x","nope":1}');
    const [code, reason] = await wrong.closed;
    expect([code, reason]).toEqual([
      4003,
      expect.stringMatching(/^INVALID_ARGUMENT: \[1\]\.number: not an int32: "x"/),
    ]);
    expect(wrong.messages[0]).toContain('{"field":"[1].nope","description":"no field of the message; it has');
    const late = new Client(served, "/v1/talk", [], { headers: { "grpc-timeout": "10m" } });
    expect((await late.closed)[0]).toBe(4004);
    await using hasty = await serveEdge({ behind, options: { limits: { callTimeoutMs: 20 } } });
    for (const headers of [{}, { "grpc-timeout": "1H" }]) {
      const stuck = new Client(hasty, "/v1/sums/a", [], { headers });
      expect((await stuck.closed)[0]).toBe(4004);
    }
  });

  test("a stream of requests that a client breaks off, and that has no end for it", async () => {
    await using served = await serveEdge({ behind });
    const client = new Client(served, "/v1/sums/a");
    await client.send('{"number":1}');
    client.socket.close(1000);
    await client.closed;
    // The next one is answered after it.
    const next = new Client(served, "/v1/sums/a");
    await next.send("");
    expect([await next.closed, served.seen.sums]).toEqual([[1000, ""], 1]);
  });

  test("a call that ends when the client goes", async () => {
    await using served = await serveEdge({ behind });
    const client = new Client(served, "/v1/talk");
    await client.send('{"text":"a"}');
    await until(() => client.messages.length === 1);
    client.socket.terminate();
    await until(() => served.seen.ended === 1);
  });
});

describe("a message that is wrong", () => {
  test.each<[string, string[], string | Uint8Array, number, RegExp]>([
    ["text that is no JSON", [JSON_PROTOCOL], "{", 4003, /malformed JSON at byte 1/],
    ["bytes instead of JSON", [JSON_PROTOCOL], Buffer.from("{}"), 4003, /a message is a text frame, of JSON/],
    ["text instead of protobuf", [PROTO_PROTOCOL], "{}", 4003, /a message is a binary frame, of protobuf/],
    ["bytes that are no message", [PROTO_PROTOCOL], Uint8Array.of(0x0a, 5), 4003, /message\[0\]: /],
    ["a key that is there twice", [], '{"text":"a","text":"b"}', 4003, /text: there twice/],
    ["depth", [], "[".repeat(900), 4003, /not an object: a list/],
    ["more bytes than the limit", [], `{"text":"${"a".repeat(2000)}"}`, 1009, /^$/],
  ])("%s", async (_, protocols, message, code, reason) => {
    await using served = await serveEdge({ options: { limits: { maxBodyBytes: 1000 } } });
    const client = new Client(served, "/v1/talk", protocols);
    await client.send(message);
    const closed = await client.closed;
    expect(closed).toEqual([code, expect.stringMatching(reason)]);
    expect((await send(`${served.url}/v1/query?string_value=a`)).json).toEqual({ stringValue: "a" });
  });

  test("in more words than a reason has room for", async () => {
    await using served = await serveEdge();
    const client = new Client(served, "/v1/talk");
    await client.send(`{"${"é".repeat(100)}":1}`);
    const [code, reason] = await client.closed;
    expect([code, Buffer.byteLength(reason) > 121]).toEqual([4003, true]);
    expect(reason).toMatch(/^INVALID_ARGUMENT: \[0\]\.é+$/);
  });

  test("after the last one", async () => {
    await using served = await serveEdge();
    const client = new Client(served, "/v1/numbers?padding=100000");
    await client.send("{}");
    expect(await client.closed).toEqual([1002, "no more messages are taken"]);
    await until(() => served.seen.ended === 1);
  });

  test.each([
    ["", " "],
    [" of no bytes", ""],
  ])("in thousands of fragments%s (CVE-2026-48779)", async (_, fragment) => {
    await using served = await serveEdge();
    const client = new Client(served, "/v1/talk");
    await once(client.socket, "open");
    for (let at = 0; at < 20_000; at++) client.socket.send(fragment, { fin: false });
    expect(await client.closed).toEqual([1008, ""]);
    expect((await send(`${served.url}/v1/query?string_value=a`)).json).toEqual({ stringValue: "a" });
  });

  test("text that is no UTF-8", async () => {
    await using served = await serveEdge();
    const client = new Client(served, "/v1/talk");
    await once(client.socket, "open");
    client.socket.send(Uint8Array.of(0xff), { binary: false });
    expect((await client.closed)[0]).toBe(1007);
    await until(() => served.seen.ended === 1);
  });

  test("that does not come", async () => {
    await using served = await serveEdge({ options: { limits: { bodyTimeoutMs: 20 } } });
    const client = new Client(served, `${SERVICE}.ProbeService/WatchNumbers`);
    expect(await client.closed).toEqual([4004, expect.stringContaining("did not arrive within 20 ms")]);
  });
});

/** Sends bytes behind a handshake, and reads the frames that come back, as one text of hexadecimal digits. */
async function framesAfter({ port }: { port: number }, frames: string): Promise<string> {
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  const fields = `upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${"A".repeat(22)}==\r\n`;
  socket.write(`GET /v1/talk HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\n${fields}\r\n`);
  socket.write(Buffer.from(frames.replaceAll(" ", ""), "hex"));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  return bytes.subarray(bytes.indexOf("\r\n\r\n") + 4).toString("hex");
}

// A mask of zeros leaves the bytes as they are.
const MASK = "00000000";

describe("frames that RFC 6455 does not allow end the connection, and the call", () => {
  test.each<[string, string, code: number]>([
    ["without a mask (5.1)", "81 01 61", 1002],
    ["a reserved opcode (5.2)", `83 80 ${MASK}`, 1002],
    ["a reserved bit, as a compressed message has it (5.2, CVE-2026-1526)", `c1 80 ${MASK}`, 1002],
    ["a length beyond all memory (5.2, CVE-2026-1528)", `81 ff ffffffffffffffff ${MASK}`, 1009],
    ["a ping in fragments (5.5)", `09 80 ${MASK}`, 1002],
    ["a ping of 126 bytes (5.5)", `89 fe 007e ${MASK} ${"00".repeat(126)}`, 1002],
    ["a continuation of nothing (5.4)", `80 80 ${MASK}`, 1002],
    ["a message inside of another (5.4)", `01 81 ${MASK} 7b 81 81 ${MASK} 7b`, 1002],
    ["half a code (5.5.1)", `88 81 ${MASK} 03`, 1002],
    ["a code that is none (7.4.2)", `88 82 ${MASK} 03ed`, 1002],
    ["a reason that is no UTF-8 (5.5.1)", `88 83 ${MASK} 03e8 ff`, 1007],
  ])("%s", async (_, frames, code) => {
    await using served = await serveEdge();
    expect(await framesAfter(served, frames)).toBe(`8802${code.toString(16).padStart(4, "0")}`);
    await until(() => served.seen.ended === 1);
  });

  test("and fragments with a ping between them do not", async () => {
    await using served = await serveEdge();
    const client = new Client(served, "/v1/talk");
    await once(client.socket, "open");
    const answered = once(client.socket, "pong");
    client.socket.send('{"text"', { fin: false });
    client.socket.ping("x");
    client.socket.send("", { fin: false });
    client.socket.send(':"a"}');
    expect(String((await answered)[0])).toBe("x");
    await client.send("");
    expect(await client.closed).toEqual([1000, ""]);
    expect(client.json).toEqual([{ text: "a!" }]);
  });

  test("and more messages than a chunk holds come to the handler in their order", async () => {
    await using served = await serveEdge();
    const client = new Client(served, "/v1/sums/a");
    await client.send(...Array.from({ length: 5000 }, () => '{"number":1}'), "");
    expect(await client.closed).toEqual([1000, ""]);
    expect(client.json).toMatchObject([{ sum: 5000, count: 5000 }]);
  });
});

test("a client that never reads what it asked for by pings is cut off", async () => {
  await using served = await serveEdge();
  const socket = connect(served.port, "127.0.0.1").on("error", () => {});
  const closed = once(socket, "close");
  const fields = `upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${"A".repeat(22)}==\r\n`;
  socket.write(`GET /v1/talk HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\n${fields}\r\n`);
  socket.write(Buffer.from(`8980${MASK}`.repeat(1000), "hex"));
  await until(() => served.seen.ended === 1);
  socket.resume();
  await closed;
});

test("a limit of more bytes than 31 bits count is one", async () => {
  await using served = await serveEdge({ options: { limits: { maxBodyBytes: 2 ** 32 + 5 } } });
  const client = new Client(served, "/v1/talk");
  await client.send('{"text":"a"}', "");
  expect(await client.closed).toEqual([1000, ""]);
});

test("a call that has ended leaves no limit of time behind", async () => {
  const added = jest.spyOn(deadlines, "add");
  await using served = await serveEdge();
  const one = new Client(served, `${SERVICE}.ProbeService/WatchNumbers`);
  await one.send('{"count":1}');
  expect((await one.closed)[0]).toBe(1000);
  const gone = new Client(served, "/v1/talk");
  await once(gone.socket, "open");
  gone.socket.terminate();
  await until(() => served.seen.ended === 2);
  const entries = added.mock.calls.map(([entry]) => entry);
  added.mockRestore();
  // Signs of life, twice, and the wait for the only message.
  expect(entries.length).toBeGreaterThanOrEqual(3);
  await until(() => entries.every(({ deadlineBefore }) => deadlineBefore === undefined));
});

describe("a client that is too fast or too slow", () => {
  test("waits while the handler does not read, and others do not", async () => {
    let admit = () => {};
    const gate = new Promise<void>((resolve) => (admit = resolve));
    const waits: AnyMiddleware = {
      name: "waits",
      arrived: (call) =>
        (call as { method: { path: string } }).method.path.endsWith("/Talk") ? gate : undefined,
    };
    await using served = await serveEdge({ middleware: [waits] });
    const client = new Client(served, "/v1/talk");
    const count = 200;
    const message = JSON.stringify({ text: "x".repeat(50_000) });
    await client.send(...Array.from({ length: count }, () => message));
    // Over many turns nothing more is taken.
    let left = -1;
    for (let still = 0; still < 100;) {
      await turn();
      still = left === client.socket.bufferedAmount ? still + 1 : 0;
      left = client.socket.bufferedAmount;
    }
    expect(left).toBeGreaterThan(message.length * 10);
    expect((await send(`${served.url}/v1/query?string_value=a`)).status).toBe(200);
    admit();
    await client.send("");
    expect((await client.closed)[0]).toBe(1000);
    expect(client.messages).toHaveLength(count);
  });

  test("hears of a refusal, though its messages wait for the handler", async () => {
    let refuse = () => {};
    const gate = new Promise<void>((resolve) => (refuse = resolve));
    const refuses: AnyMiddleware = {
      name: "refuses",
      arrived: () =>
        gate.then(() => {
          throw new ServerError(Status.PERMISSION_DENIED, "no");
        }),
    };
    await using served = await serveEdge({ middleware: [refuses] });
    const client = new Client(served, "/v1/talk");
    await client.send('{"text":"a"}', '{"text":"b"}');
    await new Promise<void>((resolve) => client.socket.ping("", true, () => resolve()));
    refuse();
    expect(await client.closed).toEqual([4007, "PERMISSION_DENIED: no"]);
  });

  test("is waited for", async () => {
    await using served = await serveEdge();
    const client = new Client(served, "/v1/numbers?padding=100000");
    await once(client.socket, "open");
    client.socket.pause();
    let made = -1;
    for (let still = 0; still < 200;) {
      await turn();
      still = made === served.seen.made ? still + 1 : 0;
      ({ made } = served.seen);
    }
    expect(made).toBeLessThan(400);
    client.socket.resume();
    await until(() => served.seen.made > made);
    client.socket.terminate();
    await until(() => served.seen.ended === 1);
  });

  test("is given up, if it takes nothing for too long", async () => {
    await using served = await serveEdge({ options: { limits: { writeTimeoutMs: 20 } } });
    const client = new Client(served, "/v1/numbers?padding=100000");
    await once(client.socket, "open");
    client.socket.pause();
    await until(() => served.seen.ended === 1);
    client.socket.resume();
    expect((await client.closed)[0]).toBe(1006);
  });

  test("is asked for a sign of life, and given up without one", async () => {
    using clock = fakeClock();
    let admit = () => {};
    const gate = new Promise<void>((resolve) => (admit = resolve));
    const waits: AnyMiddleware = {
      name: "waits",
      arrived: (call) =>
        (call as { method: { path: string } }).method.path.endsWith("/Sum") ? gate : undefined,
    };
    await using served = await serveEdge({
      middleware: [waits],
      options: { limits: { callTimeoutMs: 600_000 } },
    });
    const silent = { autoPong: false };
    const [dead, alive, talks, waiting] = [
      new Client(served, "/v1/talk", [], silent),
      new Client(served, "/v1/talk"),
      new Client(served, "/v1/talk", [], silent),
      // Nobody reads what it says.
      new Client(served, "/v1/sums/a", [], silent),
    ] as const;
    const all = [dead, alive, talks, waiting];
    await Promise.all(all.map(({ socket }) => once(socket, "open")));
    await waiting.send('{"number":1}');
    for (let turns = 0; turns < 2; turns++) {
      const asked = Promise.all(
        all.filter((each) => turns === 0 || each !== dead).map(({ socket }) => once(socket, "ping")),
      );
      await clock.advance(30_000);
      await asked;
      // Behind the sign of life.
      for (const each of [alive, talks]) {
        await each.send('{"text":"a"}');
        await until(() => each.messages.length === turns + 1);
      }
    }
    expect((await dead.closed)[0]).toBe(1006);
    admit();
    for (const each of [alive, talks, waiting]) {
      await each.send("");
      expect(await each.closed).toEqual([1000, ""]);
    }
  });
});

describe("a handshake", () => {
  const seen: Metadata[] = [];
  const note: AnyMiddleware = {
    name: "note",
    arrived: (call) => void seen.push((call as unknown as { metadata: Metadata }).metadata),
  };
  const verify = (token: string) => token === "s3cret~/+" && { name: "ada" };
  const serve = (options = {}): Promise<ServedEdge> =>
    serveEdge({
      middleware: [errorBoundary({ logger: quiet }), note, auth({ verify })],
      options: { requestMetadata: ["cookie"], cors: { origins: ["https://app.example"] }, ...options },
    });
  const bearer = `callwire.bearer.${Buffer.from("s3cret~/+").toString("base64url")}`;
  const authorization = "Bearer s3cret~/+";

  test("authenticates by a header field, or by a subprotocol that is never sent back", async () => {
    await using served = await serve();
    const byField = new Client(served, "/v1/talk", [], { headers: { authorization } });
    await byField.send("");
    expect(await byField.closed).toEqual([1000, ""]);
    const byProtocol = new Client(served, "/v1/talk", [bearer, JSON_PROTOCOL]);
    await byProtocol.send("");
    expect(await byProtocol.closed).toEqual([1000, ""]);
    expect(byProtocol.socket.protocol).toBe(JSON_PROTOCOL);
    const without = new Client(served, "/v1/talk", [], {
      headers: { cookie: `authorization=${authorization}` },
    });
    expect((await without.closed)[0]).toBe(4016);
    expect(without.json).toMatchObject([{ error: { code: 401, status: "UNAUTHENTICATED" } }]);
    const protocols = `${JSON_PROTOCOL}, ${bearer}`;
    expect(await refusal(served, "/v1/talk", { authorization, "sec-websocket-protocol": protocols })).toEqual(
      [400, "BAD_HEADER"],
    );
  });

  test("is refused from pages of other origins", async () => {
    await using served = await serve();
    for (const origin of ["https://evil.example", "http://app.example", "null", "https://127.0.0.1"])
      expect(await refusal(served, "/v1/talk", { origin })).toEqual([403, "ORIGIN_NOT_ALLOWED"]);
    for (const origin of ["https://app.example", served.url]) {
      const client = new Client(served, "/v1/talk", [], {
        origin,
        headers: { authorization, cookie: "a=b" },
      });
      await client.send("");
      expect(await client.closed).toEqual([1000, ""]);
    }
    // A browser sends cookies with every handshake: they go no further from another origin, unless it may send them.
    expect(seen.slice(-2).map((metadata) => metadata.get("cookie"))).toEqual([undefined, "a=b"]);
    const cors = { origins: ["https://app.example"], credentials: true };
    await using open = await serve({ cors });
    const client = new Client(open, "/v1/talk", [], {
      origin: "https://app.example",
      headers: { authorization, cookie: "a=b" },
    });
    await client.send("");
    await client.closed;
    expect(seen.at(-1)!.get("cookie")).toBe("a=b");
  });

  test("is refused, if it is wrong", async () => {
    await using served = await serveEdge({
      options: { limits: { maxHeaderBytes: 1000, maxUrlLength: 500 } },
    });
    const wrong: [path: string, headers: Record<string, string>, status: number, reason?: string][] = [
      ["/v1/nothing", {}, 404, "ROUTE_NOT_FOUND"],
      ["/v1/query", {}, 404, "ROUTE_NOT_FOUND"],
      [`${SERVICE}.ProbeService/Query`, {}, 404, "ROUTE_NOT_FOUND"],
      ["/v1/../talk", {}, 400, "BAD_PATH"],
      ["/v1/talk/%", {}, 400, "BAD_PATH"],
      [`/v1/talk?${"a".repeat(500)}`, {}, 414, "URL_TOO_LONG"],
      ["/v1/talk", { "x-large": "a".repeat(1000) }, 431, "HEADERS_TOO_LARGE"],
      ["/v1/talk", { "sec-websocket-protocol": "mqtt" }, 400, "BAD_HEADER"],
      ["/v1/talk", { "sec-websocket-protocol": bearer }, 400, "BAD_HEADER"],
      ["/v1/talk", { "sec-websocket-protocol": `${JSON_PROTOCOL}, callwire.bearer.` }, 400, "BAD_HEADER"],
      ["/v1/talk", { "grpc-timeout": "1x" }, 400, "BAD_HEADER"],
      ["/v1/talk", { "sec-websocket-key": "x" }, 400],
      ["/v1/talk", { "sec-websocket-version": "7" }, 400],
    ];
    for (const [path, headers, status, reason] of wrong)
      expect([path, headers, ...(await refusal(served, path, headers))]).toEqual([
        path,
        headers,
        status,
        reason,
      ]);
    expect(await refusal(served, "/v1/talk", {}, "POST")).toEqual([405, undefined]);
    expect(served.seen.ended).toBe(0);
  });

  test("to another protocol is passed over", async () => {
    // The port of gRPC does so by itself.
    await using served = await serveEdge({ behind: "channel" });
    const answerTo = async (text: string): Promise<string> => {
      const socket = connect(served.port, "127.0.0.1").setEncoding("latin1");
      socket.write(text);
      let answer = "";
      for await (const chunk of socket) answer += chunk as string;
      return answer;
    };
    const h2c =
      "host: x\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n";
    const get = await answerTo(`GET /v1/query?string_value=a HTTP/1.1\r\n${h2c}\r\n`);
    expect(get).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n\r\n\{"stringValue":"a"\}$/i);
    const post = await answerTo(`POST /v1/things HTTP/1.1\r\n${h2c}content-length: 2\r\n\r\n{}`);
    expect(post).toMatch(/^HTTP\/1\.1 400 [^]*send a body without one/);
  });
});

test("a call has ended when its answer has, though its client keeps the connection", async () => {
  const ended: unknown[] = [];
  const ends: AnyMiddleware = { name: "ends", ended: (_, code) => void ended.push(code) };
  await using served = await serveEdge({ middleware: [ends] });
  const client = new Client(served, "/v1/talk");
  await once(client.socket, "open");
  client.socket.pause();
  await client.send("");
  await until(() => ended.length > 0);
  expect(ended).toEqual([Status.OK]);
  client.socket.resume();
  expect(await client.closed).toEqual([1000, ""]);
});

test("a call has a line in the log, and ends when the server stops", async () => {
  const lines: Record<string, unknown>[] = [];
  const logger = Object.assign(Object.create(quiet) as typeof quiet, {
    info: (fields: object) => void lines.push(fields as Record<string, unknown>),
    warn: (fields: object) => void lines.push(fields as Record<string, unknown>),
  });
  await using served = await serveEdge({ middleware: [logging({ logger })] });
  const client = new Client(served, "/v1/talk");
  await client.send('{"text":"a"}');
  await until(() => client.messages.length === 1);
  expect(await served.server.shutdown()).toMatchObject({ forced: false });
  // RFC 6455, section 7.4.1: it is going away.
  expect(await client.closed).toEqual([1001, expect.stringMatching(/^UNAVAILABLE: the server is stopping/)]);
  expect(client.json[1]).toMatchObject({ error: { code: 503, status: "UNAVAILABLE" } });
  expect(lines.at(-1)).toMatchObject({
    "grpc.method": "Talk",
    "http.request.method": "GET",
    "http.route": "/v1/talk",
    "network.protocol.name": "websocket",
  });
  // Where another server's port has the edge, it may be asked on.
  const http = createServer().on("upgrade", served.edge.upgrade).listen(0, "127.0.0.1");
  await once(http, "listening");
  const after = new Client(http.address() as AddressInfo, "/v1/talk");
  expect((await after.closed)[0]).toBe(1001);
  http.close();
});

test("what has come of messages that are not whole is bounded all together, and the largest goes", async () => {
  await using served = await serveEdge({ options: { limits: { maxBufferedBytes: 1500 } } });
  /** Sends the first bytes of a message, and then those that are left. */
  const begin = async (length: number) => {
    const client = new Client(served, "/v1/talk", [JSON_PROTOCOL]);
    await once(client.socket, "open");
    client.socket.send(`{"text":"${"x".repeat(length - 9)}`, { fin: false });
    return { client, end: () => client.socket.send('"}', { fin: true }) };
  };
  // What is whole and taken counts no more, nor do signs of life.
  const other = new Client(served, "/v1/talk", [JSON_PROTOCOL]);
  for (let sent = 1; sent <= 10; sent++) {
    await other.send(`{"text":"${"x".repeat(300)}"}`);
    other.socket.ping("x".repeat(100));
    // Whole ones that come together wait for one another, and count.
    await until(() => other.messages.length === sent);
  }
  const alone = await begin(1400);
  alone.client.socket.ping();
  await once(alone.client.socket, "pong");
  alone.end();
  await until(() => alone.client.messages.length === 1);
  const [large, small] = [await begin(900), await begin(700)];
  expect(await large.client.closed).toEqual([1013, expect.stringContaining("too much waits")]);
  small.end();
  await until(() => small.client.messages.length === 1);
  for (const { socket } of [other, alone.client, small.client]) socket.close();
});

test("a message that is not whole in time ends the connection, though its client goes on with it", async () => {
  using clock = fakeClock();
  let admit = () => {};
  const gate = new Promise<void>((resolve) => (admit = resolve));
  const waits: AnyMiddleware = {
    name: "waits",
    arrived: (call) =>
      (call as unknown as { metadata: Metadata }).metadata.has("x-request-id") ? gate : undefined,
  };
  await using served = await serveEdge({
    middleware: [waits],
    options: { limits: { pingIntervalMs: Infinity } },
  });
  const open = async (headers = {}) => {
    const client = new Client(served, "/v1/talk", [], { headers });
    await once(client.socket, "open");
    return client;
  };
  const [slow, often, still] = [await open(), await open(), await open()];
  const [unread, lost] = [await open({ "x-request-id": "a" }), await open({ "x-request-id": "b" })];
  /** Sends a part, and waits until it has come. */
  const part = async ({ socket }: Client, text: string, fin: boolean) => {
    socket.send(text, { fin });
    socket.ping();
    await once(socket, "pong");
  };
  for (const client of [slow, often]) await part(client, '{"te', false);
  // Its time has not begun while the one before waits for the handler.
  for (const { socket } of [unread, lost]) {
    socket.send('{"text":"a"}');
    socket.send('{"text":', { fin: false });
  }
  await part(still, '{"text":', false);
  await part(still, '"a"}', true);
  await clock.advance(29_999);
  await part(slow, "xt", false);
  await part(often, 'xt":"a"}', true);
  await part(often, "{", false);
  await clock.advance(1);
  expect(await slow.closed).toEqual([1008, "the rest of a message did not arrive within 30000 ms"]);
  admit();
  await until(() => unread.messages.length + lost.messages.length === 2);
  await part(unread, '"b"', false);
  await clock.advance(29_998);
  await part(unread, "}", true);
  await part(often, '"text":"b"}', true);
  await clock.advance(2);
  expect((await lost.closed)[0]).toBe(1008);
  await clock.advance(60_000);
  for (const client of [often, still, unread]) {
    await client.send("");
    expect(await client.closed).toEqual([1000, ""]);
  }
  expect([often.json, still.json, unread.json]).toEqual([
    [{ text: "a!" }, { text: "b!" }],
    [{ text: "a!" }],
    [{ text: "a!" }, { text: "b!" }],
  ]);
});

test("answers that are not taken are bounded all together", async () => {
  await using served = await serveEdge({ options: { limits: { maxBufferedBytes: 150_000 } } });
  const clients = Array.from({ length: 3 }, () => new Client(served, "/v1/numbers?padding=100000"));
  for (const { socket } of clients) socket.once("message", () => socket.pause());
  await until(() => served.seen.ended === 2);
  const { made } = served.seen;
  for (const { socket } of clients) socket.resume();
  await until(() => served.seen.made > made + 50);
  expect(served.seen.ended).toBe(2);
  for (const { socket } of clients) socket.terminate();
});

test.each([
  ["an empty text", ""],
  ["a space", " "],
])("%s ends the requests, of either form", async (_, blank) => {
  await using served = await serveEdge();
  for (const protocol of [JSON_PROTOCOL, PROTO_PROTOCOL]) {
    const client = new Client(served, "/v1/talk", [protocol]);
    // oxlint-disable-next-line no-await-in-loop
    await client.send(blank);
    // oxlint-disable-next-line no-await-in-loop
    expect(await client.closed).toEqual([1000, ""]);
  }
});
