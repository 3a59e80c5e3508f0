import { once } from "node:events";
import { connect, constants, createServer, type IncomingHttpHeaders } from "node:http2";
import { connect as connectSocket, type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { serveEdge, type ServedEdge } from "../testing/serve-edge.js";

let served: ServedEdge;
const http2 = createServer();
beforeAll(async () => {
  served = await serveEdge({ options: { limits: { maxBodyBytes: 1000 } } });
  http2.on("request", served.edge.handler).listen(0, "127.0.0.1");
  await once(http2, "listening");
});
afterAll(async () => {
  http2.close();
  await served[Symbol.asyncDispose]();
});

/** Sends a request over HTTP/2, and reads the answer to its end. */
async function sendTo(
  port: number,
  fields: Record<string, string>,
  body?: string,
): Promise<[status: number, text: string, IncomingHttpHeaders]> {
  const session = connect(`http://127.0.0.1:${port}`);
  try {
    const stream = session.request(fields, { endStream: body === undefined });
    stream.on("error", () => {});
    if (body !== undefined) stream.end(body);
    const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders & { ":status": number }];
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return [headers[":status"], Buffer.concat(chunks).toString(), headers];
  } finally {
    session.close();
  }
}

/** A frame of HTTP/2 (RFC 9113, section 4.1). */
function frameOf(type: number, flags: number, id: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}

/** The frames of stream 1, as type and flags, until it is reset. */
async function framesUntilReset(
  port: number,
  sent: readonly Buffer[],
): Promise<[type: number, flags: number][]> {
  const socket = connectSocket(port, "127.0.0.1");
  socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frameOf(4, 0, 0), ...sent]));
  const frames: [type: number, flags: number][] = [];
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
      const [type, flags] = [bytes.readUInt8(3), bytes.readUInt8(4)];
      if (bytes.readUInt32BE(5) === 1) frames.push([type, flags]);
      bytes = bytes.subarray(9 + bytes.readUIntBE(0, 3));
      if (frames.at(-1)?.[0] === 3) {
        socket.destroy();
        return frames;
      }
    }
  }
  throw new Error("the connection ended");
}

describe.each([
  ["a server of node:http2", () => (http2.address() as AddressInfo).port],
  ["the port of gRPC", () => served.port],
])("on %s, an edge", (_what, port) => {
  test("is asked by :authority, whatever host says beside it", async () => {
    await using picky = await serveEdge({ options: { hosts: ["good.example"] } });
    const other = createServer().on("request", picky.edge.handler).listen(0, "127.0.0.1");
    await once(other, "listening");
    const place = port() === served.port ? picky.port : (other.address() as AddressInfo).port;
    const ask = (authority: string, host: string) =>
      sendTo(place, { ":path": "/v1/query", ":authority": authority, host });
    expect((await ask("good.example", "evil.example"))[0]).toBe(200);
    expect((await ask("evil.example", "good.example"))[0]).toBe(421);
    other.close();
  });

  test("refuses a fragment, and says that an error's form depends on accept", async () => {
    const ask = (path: string, accept: string) => sendTo(port(), { ":path": path, accept });
    for (const [path, status] of [
      ["/v1/query#a", 400],
      ["/v1/nothing", 404],
      ["/v1/query?int32_value=x", 400],
      ["/v1/numbers?count=x", 400],
    ] as const) {
      for (const type of ["application/json", "application/problem+json"]) {
        const [got, , headers] = await ask(path, type);
        expect([got, headers["content-type"], headers.vary]).toEqual([status, type, "accept"]);
      }
    }
  });

  test("serves queries, bodies, errors, streams both ways", async () => {
    const send = (fields: Record<string, string>, text?: string) => sendTo(port(), fields, text);
    const get = await send({ ":path": "/v1/query?string_value=a" });
    expect(get.slice(0, 2)).toEqual([200, '{"stringValue":"a"}']);
    const post = {
      ":method": "POST",
      ":path": "/v1/shelves/1/books/2:bind",
      "content-type": "application/json",
    };
    expect((await send(post, '{"number":1}')).slice(0, 2)).toEqual([
      200,
      '{"request":{"name":"shelves/1/books/2","number":1}}',
    ]);
    expect((await send(post)).slice(0, 2)).toEqual([200, '{"request":{"name":"shelves/1/books/2"}}']);
    const [status, text] = await send(post, `{"id":"${"x".repeat(2000)}"}`);
    expect([status, JSON.parse(text)]).toMatchObject([413, { error: { status: "RESOURCE_EXHAUSTED" } }]);
    expect((await send({ ":method": "DELETE", ":path": "/v1/things/1" })).slice(0, 2)).toEqual([
      200,
      '{"request":{"id":"1"}}',
    ]);
    expect((await send({ ":method": "DELETE", ":path": "/v1/things/1" }, "{}"))[0]).toBe(400);
    expect((await send({ ":method": "HEAD", ":path": "/v1/query" })).slice(0, 2)).toEqual([200, ""]);
    expect((await send({ ":method": "OPTIONS", ":path": "*" })).slice(0, 2)).toEqual([204, ""]);
    const down = await send({ ":path": "/v1/numbers?count=2" });
    expect(down.slice(0, 2)).toEqual([
      200,
      '{"number":1,"resumeToken":"1"}\n{"number":2,"resumeToken":"2"}\n',
    ]);
    const up = { ":method": "POST", ":path": "/v1/sums/a", "content-type": "application/x-ndjson" };
    expect(JSON.parse((await send(up, '{"number":1}\n{"number":2}'))[1])).toMatchObject({ sum: 3 });
  });

  // RFC 9113, section 8.1: only an answer that is whole may be followed by RST_STREAM. Clients of Go take what is cut off for an error.
  test("ends an answer before the request that nobody reads", async () => {
    const path = Buffer.from("/v1/nothing");
    // GET by http, with a body that does not come, of a path that nobody serves.
    const head = Buffer.concat([Buffer.of(0x82, 0x86, 0x04, path.length), path, Buffer.of(0x01, 1, 0x61)]);
    const frames = await framesUntilReset(port(), [frameOf(1, 4, 1, head)]);
    const last = frames.at(-2);
    expect([frames[0]?.[0], last?.[0], (last?.[1] ?? 0) & 1, frames.at(-1)?.[0]]).toEqual([1, 0, 1, 3]);
  });

  test("ends the call when a client resets its stream", async () => {
    const session = connect(`http://127.0.0.1:${port()}`);
    const stream = session.request({ ":path": "/v1/numbers?padding=1000" });
    await once(stream, "response");
    const { ended } = served.seen;
    stream.close(constants.NGHTTP2_CANCEL);
    while (served.seen.ended === ended) await new Promise((resolve) => setImmediate(resolve));
    session.close();
  });
});
