import { once } from "node:events";
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from "node:http2";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { serveEdge, type ServeOptions, type ServedEdge } from "../testing/serve-edge.js";

/** An edge, and a connection of HTTP/2 to its port. */
async function open(options: ServeOptions = {}): Promise<ServedEdge & { session: ClientHttp2Session }> {
  const served = await serveEdge(options);
  const session = connect(served.url);
  session.on("error", () => {});
  await once(session, "remoteSettings");
  return {
    ...served,
    session,
    async [Symbol.asyncDispose]() {
      session.destroy();
      await served[Symbol.asyncDispose]();
    },
  };
}

/** A WebSocket over a stream. */
class Client {
  readonly stream: ClientHttp2Stream;
  readonly frames: [opcode: number, text: string][] = [];
  readonly answered: Promise<IncomingHttpHeaders>;
  readonly closed: Promise<unknown>;

  constructor(session: ClientHttp2Session, path: string, fields: Record<string, string> = {}) {
    this.stream = session.request(
      {
        ":method": "CONNECT",
        ":protocol": "websocket",
        ":scheme": "http",
        ":path": path,
        ":authority": "127.0.0.1",
        "sec-websocket-version": "13",
        ...fields,
      },
      { endStream: false },
    );
    this.stream.on("error", () => {});
    this.answered = once(this.stream, "response").then(([headers]) => headers as IncomingHttpHeaders);
    this.closed = new Promise((resolve) => this.stream.once("close", resolve));
    let rest = Buffer.alloc(0);
    this.stream.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        const length = rest[1] ?? 0;
        const [size, head] =
          length < 126
            ? [length, 2]
            : length === 126
              ? [rest.readUInt16BE(2), 4]
              : [rest.readUInt32BE(6), 10];
        if (rest.length < head + size || rest.length < 2) return;
        const opcode = rest[0]! & 0x0f;
        this.frames.push([opcode, rest.subarray(head, head + size).toString("latin1")]);
        if (opcode === 8)
          this.stream.end(Buffer.of(0x88, 0x82, 0, 0, 0, 0, ...rest.subarray(head, head + 2)));
        rest = rest.subarray(head + size);
      }
    });
  }

  /** Sends a text. A mask of zeros leaves the bytes as they are. */
  send(text: string): boolean {
    const head = text.length < 126 ? [0x80 | text.length] : [0xfe, text.length >> 8, text.length & 0xff];
    return this.stream.write(Buffer.concat([Buffer.of(0x81, ...head, 0, 0, 0, 0), Buffer.from(text)]));
  }

  /** The code and the reason by which the server closed. */
  get close(): [code: number, reason: string] | undefined {
    const frame = this.frames.find(([opcode]) => opcode === 8)?.[1];
    return frame === undefined ? undefined : [Buffer.from(frame, "latin1").readUInt16BE(0), frame.slice(2)];
  }

  get texts(): string[] {
    return this.frames.filter(([opcode]) => opcode === 1).map(([, text]) => text);
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

describe("a WebSocket over HTTP/2", () => {
  test("is announced, and speaks beside other requests on its connection", async () => {
    await using served = await open();
    expect(served.session.remoteSettings.enableConnectProtocol).toBe(true);
    const [one, two] = [
      new Client(served.session, "/v1/talk", { "sec-websocket-protocol": "callwire.v1.json" }),
      new Client(served.session, "/v1/talk"),
    ];
    expect(await one.answered).toMatchObject({
      ":status": 200,
      "sec-websocket-protocol": "callwire.v1.json",
    });
    expect(await two.answered).not.toHaveProperty("sec-websocket-protocol");
    expect(await one.answered).not.toHaveProperty("sec-websocket-accept");
    one.send('{"text":"a"}');
    two.send('{"text":"b"}');
    await until(() => one.texts.length + two.texts.length === 2);
    const query = served.session.request({ ":path": "/v1/query?string_value=a" }).setEncoding("utf8");
    expect(await query.toArray()).toEqual(['{"stringValue":"a"}']);
    one.send("");
    await one.closed;
    expect([one.texts, one.close, one.stream.rstCode]).toEqual([['{"text":"a!"}'], [1000, ""], 0]);
    expect(served.seen.ended).toBe(1);
    two.stream.close(constants.NGHTTP2_CANCEL);
    await until(() => served.seen.ended === 2);
  });

  test("has an HTTP status, if it may not be", async () => {
    await using served = await open();
    const wrong: [path: string, fields: Record<string, string>, status: number][] = [
      ["/v1/nothing", {}, 404],
      ["/v1/talk", { origin: "https://evil.example" }, 403],
      ["/v1/talk", { "sec-websocket-protocol": "mqtt" }, 400],
      ["/v1/talk", { "sec-websocket-version": "7" }, 400],
      ["/v1/talk", { ":protocol": "connect-udp" }, 501],
    ];
    for (const [path, fields, status] of wrong) {
      const client = new Client(served.session, path, fields);
      expect([path, fields, (await client.answered)[":status"]]).toEqual([path, fields, status]);
    }
    expect(served.seen.ended).toBe(0);
    const own = new Client(served.session, "/v1/talk", { origin: "http://127.0.0.1" });
    expect((await own.answered)[":status"]).toBe(200);
  });

  test("waits for a client that does not read", async () => {
    await using served = await open();
    const reads = new Client(served.session, "/v1/numbers?padding=100000");
    await reads.answered;
    reads.stream.pause();
    let made = -1;
    for (let still = 0; still < 200;) {
      await turn();
      still = made === served.seen.made ? still + 1 : 0;
      ({ made } = served.seen);
    }
    expect(made).toBeLessThan(100);
    reads.stream.resume();
    await until(() => served.seen.made > made);
    reads.stream.close(constants.NGHTTP2_CANCEL);
    await until(() => served.seen.ended === 1);
  });

  test("is not read while its messages wait for the handler", async () => {
    let admit = () => {};
    const gate = new Promise<void>((resolve) => (admit = resolve));
    await using served = await open({ middleware: [{ name: "waits", arrived: () => gate }] });
    const client = new Client(served.session, "/v1/talk");
    await client.answered;
    const { remoteWindowSize: before } = served.session.state;
    const count = 40;
    for (let i = 0; i < count; i++) client.send(JSON.stringify({ text: "x".repeat(50_000) }));
    // A ping, whose answer comes when all before it is read.
    client.stream.write(Buffer.of(0x89, 0x80, 0, 0, 0, 0));
    const hasPong = () => client.frames.some(([opcode]) => opcode === 10);
    // The stream's credit, but for what was read before there was something to wait for.
    await until(() => before! - served.session.state.remoteWindowSize! > 128 * 1024);
    for (let turns = 0; turns < 100; turns++) await turn();
    expect(hasPong()).toBe(false);
    admit();
    await until(() => client.texts.length === count && hasPong());
  });

  test("keeps to the limits of messages", async () => {
    await using served = await open({ options: { limits: { maxBodyBytes: 1000, bodyTimeoutMs: 50 } } });
    const large = new Client(served.session, "/v1/talk");
    large.send(JSON.stringify({ text: "x".repeat(2000) }));
    await until(() => large.close !== undefined);
    expect(large.close).toEqual([1009, ""]);
    const slow = new Client(served.session, "/v1/talk");
    // A head without its data.
    slow.stream.write(Buffer.of(0x81, 0x85, 0, 0, 0, 0));
    await slow.closed;
    expect([slow.close?.[0], slow.stream.rstCode]).toEqual([1008, constants.NGHTTP2_CANCEL]);
  });

  test("ends with 1001 when the server stops, which waits for it", async () => {
    await using served = await open();
    const client = new Client(served.session, "/v1/talk");
    client.send('{"text":"a"}');
    await until(() => client.texts.length === 1);
    expect(await served.server.shutdown()).toMatchObject({ forced: false });
    await client.closed;
    expect(client.close).toEqual([1001, expect.stringMatching(/^UNAVAILABLE: the server is stopping/)]);
  });
});
