import { once } from "node:events";
import { connect, constants, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { describe, expect, jest, test } from "@jest/globals";
import { EchoServiceDefinition, EchoUnaryRequest, echoService, testCertificates } from "@callwire/testkit";
import { frame, lengthPrefixed } from "@callwire/testkit/wire";
import {
  FLAG_END_STREAM,
  FRAME_DATA,
  FRAME_HEADERS,
  SETTING_INITIAL_WINDOW_SIZE,
} from "../http2/constants.js";
import { ErrorCode } from "../http2/errors.js";
import { start } from "../testing/echo-server.js";
import { deferred } from "../testing/outcomes.js";
import { RawPeer } from "../testing/raw-peer.js";
import { rawClient } from "../testing/raw-client.js";
import { createServer } from "./create-server.js";
import { ServerCredentials } from "./credentials.js";
import type { HttpStream } from "./http-handler.js";
import type { ServerOptions } from "./server-options.js";

const UNARY = "/callwire.echo.v1.EchoService/EchoUnary";
const echoRequest = lengthPrefixed(
  EchoUnaryRequest.encode(EchoUnaryRequest.fromPartial({ text: "a" })).finish(),
);

const startWith = (stream: (stream: HttpStream) => Promise<void> | void, options: ServerOptions = {}) =>
  start(undefined, { ...options, http: { handler: (_, response) => void response.end(), stream } });

interface Answer {
  headers: IncomingHttpHeaders;
  body: Buffer;
  rstCode: number;
}

/** Sends a request, and reads the answer to its end. */
async function send(
  session: ClientHttp2Session,
  fields: Record<string, string>,
  body?: string | Buffer,
): Promise<Answer> {
  const stream = session.request(fields, { endStream: body === undefined });
  const answer: Answer = { headers: {}, body: Buffer.alloc(0), rstCode: 0 };
  const chunks: Buffer[] = [];
  stream.on("response", (headers) => (answer.headers = headers));
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("error", () => {});
  if (body !== undefined) stream.end(body);
  await new Promise((resolve) => stream.once("close", resolve));
  return { ...answer, body: Buffer.concat(chunks), rstCode: stream.rstCode };
}

async function readAll({ body }: HttpStream): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}

describe("a request of HTTP/2 that is not gRPC", () => {
  test("is answered beside gRPC on its connection", async () => {
    const seen: HttpStream[] = [];
    await using started = await startWith((stream) => {
      seen.push(stream);
      void stream.respond(200, ["content-type", "text/plain", "x-a", "1", "x-a", "2"], `at ${stream.path}`);
    });
    using client = rawClient(started.address);
    const answers = await Promise.all([
      send(client.session, { ":path": "/a?b=c", cookie: "d=e" }),
      client.call(UNARY, {}, echoRequest),
      send(
        client.session,
        { ":method": "POST", ":path": UNARY, "content-type": "application/grpc-web+proto" },
        "{}",
      ),
      send(client.session, { ":method": "HEAD", ":path": "/head" }),
      client.call(UNARY, { ":method": "GET" }),
    ]);
    const [got, grpc, web, head, wrong] = answers;
    expect(got.headers).toMatchObject({
      ":status": 200,
      "content-type": "text/plain",
      "x-a": "1, 2",
      date: expect.stringMatching(/ GMT$/),
    });
    expect(got.body.toString()).toBe("at /a?b=c");
    expect(grpc.trailers["grpc-status"]).toBe("0");
    expect(web.body.toString()).toBe(`at ${UNARY}`);
    expect([head.headers[":status"], head.body.length]).toEqual([200, 0]);
    // A content-type of gRPC is gRPC's, whatever the method.
    expect(wrong.headers[":status"]).toBe(405);
    expect(seen.map(({ method, hasBody }) => [method, hasBody])).toEqual([
      ["GET", false],
      ["POST", true],
      ["HEAD", false],
    ]);
    const { path, authority, peer, peerCertificate } = seen[0]!;
    expect([path, authority, peerCertificate]).toEqual(["/a?b=c", started.address, undefined]);
    expect(peer).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(seen[0]!.fields).toEqual(expect.arrayContaining(["cookie", "d=e"]));
    expect(seen[0]!.fields.some((name) => name.startsWith(":"))).toBe(false);
  });

  test("has a body both ways, with flow control", async () => {
    const large = Buffer.alloc(3_000_000, "0123456789");
    let waits = 0;
    await using started = await startWith(async (stream) => {
      stream.begin(200, []);
      for await (const part of stream.body) {
        const taken = stream.write(part);
        if (taken === undefined) continue;
        waits++;
        await taken;
      }
      await stream.end();
    });
    using client = rawClient(started.address);
    const { body } = await send(client.session, { ":method": "POST", ":path": "/echo" }, large);
    expect(body.equals(large)).toBe(true);
    expect(waits).toBeGreaterThan(0);
  });

  test("that is answered before its end may end by itself; one that does not is told to stop", async () => {
    await using started = await startWith((stream) => void stream.respond(413, [], "too much"));
    using peer = await RawPeer.open(Number(started.address.split(":")[1]));
    const fields = { ":method": "POST", ":scheme": "http", ":path": "/", ":authority": "x" };
    for (const id of [1, 3]) {
      peer.send(peer.headers(id, fields));
      await peer.first((each) => each.id === id && (each.flags & FLAG_END_STREAM) !== 0);
    }
    peer.send(frame(FRAME_DATA, FLAG_END_STREAM, 1, Buffer.from("late")));
    expect(await peer.reset(3)).toBe(0);
    expect(peer.of(1).map(({ type }) => type)).toEqual([FRAME_HEADERS, FRAME_DATA]);
    expect(peer.of(1)[1]!.payload.toString()).toBe("too much");
  });

  test("with too large a header, or a broken one, reaches no handler", async () => {
    let calls = 0;
    await using started = await startWith((stream) => {
      calls++;
      void readAll(stream).then(
        (body) => stream.respond(200, [], body),
        () => {},
      );
    });
    using client = rawClient(started.address);
    const large = await send(client.session, { ":path": "/", "x-large": "x".repeat(20_000) });
    // gRPC's clients read the one, HTTP's the other.
    expect(large.headers).toMatchObject({ ":status": 431, "grpc-status": "8" });
    expect(calls).toBe(0);
    const post = { ":method": "POST", ":path": "/" };
    const { NGHTTP2_PROTOCOL_ERROR } = constants;
    for (const length of ["1", "3"]) {
      const answer = await send(client.session, { ...post, "content-length": length }, "ab");
      expect(answer.rstCode).toBe(NGHTTP2_PROTOCOL_ERROR);
    }
    const trailers = client.session.request(post, { waitForTrailers: true });
    trailers.on("wantTrailers", () => trailers.sendTrailers({ "x-sum": "1" }));
    trailers.end("ab");
    const [headers] = (await once(trailers, "response")) as [IncomingHttpHeaders];
    expect(headers[":status"]).toBe(200);
    trailers.resume();
    await once(trailers, "close");
  });

  test("whose client goes ends what is under way; a handler that goes on still counts", async () => {
    const gone: string[] = [];
    const release = deferred();
    let begun = deferred<HttpStream>();
    await using started = await startWith(
      async (stream) => {
        if (stream.path === "/next") {
          void stream.respond(200, []);
          return;
        }
        stream.onGone(() => gone.push("gone"));
        begun.resolve(stream);
        await readAll(stream).catch((error: Error) => gone.push(error.name));
        await release.promise;
      },
      { limits: { maxConcurrentStreams: 2 } },
    );
    using client = rawClient(started.address);
    for (let i = 0; i < 2; i++) {
      begun = deferred();
      const stream = client.session.request({ ":method": "POST", ":path": "/left" });
      stream.on("error", () => {});
      const served = await begun.promise;
      served.begin(200, []);
      const taken = served.write(Buffer.alloc(200_000));
      expect(taken).toBeInstanceOf(Promise);
      stream.destroy();
      await taken;
      while (gone.length < 2 * i + 2) await new Promise((resolve) => setImmediate(resolve));
      // Whatever is said to who is not there is passed over.
      expect(served.write("nobody hears")).toBeUndefined();
      served.onGone(() => gone.splice(0));
      expect(served.end()).toBeUndefined();
      gone.push("gone", "AbortError");
    }
    expect((await send(client.session, { ":path": "/next" })).rstCode).toBe(constants.NGHTTP2_REFUSED_STREAM);
    release.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect((await send(client.session, { ":path": "/next" })).headers[":status"]).toBe(200);
  });

  test("whose handler fails is reset, and others go on", async () => {
    const warn = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
    await using started = await startWith((stream) => {
      if (stream.path === "/throws") throw new Error("a mistake");
      if (stream.path === "/rejects") return Promise.reject(new Error("a mistake"));
      if (stream.path === "/resets") stream.reset();
      else void stream.respond(200, stream.path === "/smuggles" ? ["x-a", "b\r\nset-cookie: c"] : []);
      return undefined;
    });
    using client = rawClient(started.address);
    const codes: [number, unknown][] = [];
    for (const path of ["/throws", "/rejects", "/smuggles", "/resets", "/fine"]) {
      const { rstCode, headers } = await send(client.session, { ":path": path });
      codes.push([rstCode, headers[":status"]]);
    }
    expect(codes).toEqual([
      [2, undefined],
      [2, undefined],
      [2, undefined],
      [8, undefined],
      [0, 200],
    ]);
    expect(warn).toHaveBeenCalledTimes(3);
    warn.mockRestore();
  });
});

test("an answer that would be beyond what may wait ends its stream, and no other", async () => {
  const size = 100_000;
  let gone = 0;
  await using started = await startWith(
    (stream) => {
      stream.onGone(() => gone++);
      if (stream.path === "/whole") void stream.respond(200, [], Buffer.alloc(size));
      else {
        stream.begin(200, []);
        void stream.write(Buffer.alloc(size));
      }
    },
    { limits: { maxUnsentBytes: 1.5 * size } },
  );
  using peer = await RawPeer.open(Number(started.address.split(":")[1]), [SETTING_INITIAL_WINDOW_SIZE, 0]);
  const ask = async (id: number, path: string): Promise<void> => {
    const fields = { ":method": "GET", ":scheme": "http", ":path": path, ":authority": "x" };
    peer.send(peer.headers(id, fields, FLAG_END_STREAM));
    await peer.settled();
  };
  await ask(1, "/whole");
  await ask(3, "/whole");
  await ask(5, "/parts");
  expect([await peer.reset(3), await peer.reset(5), gone]).toEqual([
    ErrorCode.ENHANCE_YOUR_CALM,
    ErrorCode.ENHANCE_YOUR_CALM,
    1,
  ]);
  peer.send(peer.grant(2 * size), peer.grant(size, 1));
  await peer.first((each) => each.id === 1 && (each.flags & FLAG_END_STREAM) !== 0);
  expect(peer.dataOf(1)).toBe(size);
});

test("a shutdown waits for the answers of HTTP/2, and its force ends them", async () => {
  let begun = deferred<HttpStream>();
  for (const isForced of [false, true]) {
    await using started = await startWith((stream) => begun.resolve(stream));
    using client = rawClient(started.address);
    begun = deferred();
    const answer = send(client.session, { ":path": "/" });
    const served = await begun.promise;
    const gone = new Promise<boolean>((resolve) => served.onGone(() => resolve(true)));
    const stopped = started.server.drain(isForced ? 0 : 10_000);
    if (isForced) expect(await gone).toBe(true);
    else void served.respond(200, [], "late");
    expect((await answer).body.toString()).toBe(isForced ? "" : "late");
    await stopped;
  }
});

test("with mutual TLS, a handler learns who the client is", async () => {
  const { ca, server: pem, client } = await testCertificates();
  const server = createServer({
    http: {
      handler: (_, response) => void response.end(),
      stream: (stream) => void stream.respond(200, [], String(stream.peerCertificate?.subject.CN)),
    },
  });
  server.add(EchoServiceDefinition, echoService());
  const pair = { private_key: Buffer.from(pem.key), cert_chain: Buffer.from(pem.cert) };
  const port = await server.listen("127.0.0.1:0", ServerCredentials.createSsl(Buffer.from(ca), [pair], true));
  const session = connect(`https://localhost:${port}`, { ca, ...client });
  expect((await send(session, { ":path": "/" })).body.toString()).toBe("test-client");
  session.destroy();
  server.forceShutdown();
});
