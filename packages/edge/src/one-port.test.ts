import { once } from "node:events";
import { connect, constants, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { request as requestHttps, type RequestOptions } from "node:https";
import { text } from "node:stream/consumers";
import { createServer, tlsCredentials, type AnyMiddleware } from "@callwire/server-kit";
import { createClient, createChannel } from "@callwire/transport";
import { testCertificates } from "@callwire/testkit";
import { describe, expect, test } from "@jest/globals";
import { createEdge } from "./create-edge.js";
import { ProbeServiceDefinition } from "./testing/gen/callwire/edge/testing/v1/probe_service.js";
import { probeService } from "./testing/probe-service.js";
import { serveEdge } from "./testing/serve-edge.js";

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

/** Sends a request over HTTP/2, and reads its answer. */
async function send(
  session: ClientHttp2Session,
  fields: Record<string, string | string[]>,
  body?: string,
): Promise<Answer> {
  const stream = session.request(fields, { endStream: body === undefined });
  let status: number | undefined;
  stream.on("response", (headers: IncomingHttpHeaders) => (status = Number(headers[":status"])));
  if (body !== undefined) stream.end(body);
  return { text: await text(stream), status };
}

async function getHttps(options: RequestOptions): Promise<string> {
  const sent = requestHttps(options).end();
  const [response] = (await once(sent, "response")) as [NodeJS.ReadableStream];
  return text(response);
}

test("over mutual TLS, HTTP/1.1 and HTTP/2 come by ALPN, and a call knows whose they are", async () => {
  const { ca, server: certificate, client } = await testCertificates();
  const callers: unknown[] = [];
  const caller: AnyMiddleware = {
    name: "caller",
    arrived(call) {
      const { peerCertificate, peer } = call as never as {
        peerCertificate?: { subject: { CN: string } };
        peer: string;
      };
      callers.push([peerCertificate?.subject.CN, peer.replace(/\d+$/, "port")]);
    },
  };
  const server = createServer({ middleware: [caller] }).add(ProbeServiceDefinition, probeService());
  server.http(createEdge({ server }));
  const port = await server.listen("127.0.0.1:0", tlsCredentials({ ...certificate, clientCa: ca }));
  const tls = { ca, key: client.key, cert: client.cert };
  const session = connect(`https://localhost:${port}`, tls);
  const path = "/v1/query?string_value=a";
  expect(await send(session, { ":path": path })).toMatchObject({ status: 200, text: '{"stringValue":"a"}' });
  // gRPC, on the connection of REST: an empty message.
  const grpc = { ":method": "POST", ":path": "/callwire.edge.testing.v1.ProbeService/Query", te: "trailers" };
  const called = await send(session, { ...grpc, "content-type": "application/grpc" }, "\0\0\0\0\0");
  expect([called.status, called.text]).toEqual([200, "\0\0\0\0\u0002\n\0"]);
  expect(await getHttps({ ...tls, port, host: "localhost", path, agent: false })).toBe('{"stringValue":"a"}');
  expect(callers).toEqual([
    ["test-client", "127.0.0.1:port"],
    ["test-client", "127.0.0.1:port"],
    ["test-client", "127.0.0.1:port"],
  ]);
  session.destroy();
  await server.shutdown();
});

test("gRPC and REST share a server's calls, limits and its end", async () => {
  await using served = await serveEdge({ options: { requestMetadata: ["cookie"] } });
  const session = connect(served.url);
  session.on("error", () => {});
  const channel = createChannel(`127.0.0.1:${served.port}`);
  const probe = createClient(ProbeServiceDefinition, channel);
  expect(await probe.query({ stringValue: "a" })).toMatchObject({ request: { stringValue: "a" } });
  const large = await send(session, { ":path": "/v1/query", "x-large": "x".repeat(20_000) });
  expect(large.status).toBe(431);
  expect((await send(session, { ":path": "/v1/nothing" })).status).toBe(404);
  // A watch in each form, which nobody reads yet, and what comes to them when the server stops.
  const path = "/v1/numbers?padding=10000";
  const lines = session.request({ ":path": path });
  const events = session.request({ ":path": path, accept: "text/event-stream" });
  const [http1] = await Promise.all([
    fetch(served.url + path),
    once(lines, "response"),
    once(events, "response"),
  ]);
  const stopped = served.server.shutdown({ timeoutMs: 5_000 });
  expect(await text(lines)).toMatch(/\{"error":\{"code":503,.*SERVER_STOPPING.*\}\n$/);
  expect(await text(events)).toMatch(/event: error\n.*data: \{"error":\{"code":503,.*\n\n$/s);
  expect(await http1.text()).toMatch(/SERVER_STOPPING/);
  expect(await stopped).toEqual({ forced: false, cutOff: [] });
  channel.close();
  session.destroy();
});

describe("a client of HTTP/2", () => {
  test("that does not take its answer, or does not send its body, loses it alone", async () => {
    await using served = await serveEdge({ options: { limits: { writeTimeoutMs: 30, bodyTimeoutMs: 30 } } });
    const session = connect(served.url);
    const stuck = session.request({ ":path": "/v1/numbers?padding=1000" });
    stuck.on("error", () => {});
    const closed = new Promise((resolve) => stuck.once("close", resolve));
    // It is not read: a window is all that comes.
    const slow = session.request({
      ":method": "POST",
      ":path": "/v1/shelves/1/books/2:bind",
      "content-type": "application/json",
    });
    slow.write("{");
    const [headers] = (await once(slow, "response")) as [IncomingHttpHeaders];
    expect([headers[":status"], served.seen.binds]).toEqual([408, []]);
    slow.resume();
    while (served.seen.ended === 0) await new Promise((resolve) => setImmediate(resolve));
    stuck.resume();
    await closed;
    expect(stuck.rstCode).toBe(constants.NGHTTP2_CANCEL);
    expect((await send(session, { ":path": "/v1/query" })).status).toBe(200);
    session.destroy();
  });

  test("may break off a body, or send its cookies apart", async () => {
    const seen: unknown[] = [];
    const look: AnyMiddleware = {
      name: "look",
      arrived: (call) =>
        void seen.push((call as never as { metadata: Map<string, string> }).metadata.get("cookie")),
    };
    await using served = await serveEdge({ middleware: [look], options: { requestMetadata: ["cookie"] } });
    const session = connect(served.url);
    expect((await send(session, { ":path": "/v1/query", cookie: ["a=1", "b=2"] })).status).toBe(200);
    expect(seen).toEqual(["a=1; b=2"]);
    const post = { ":method": "POST", ":path": "/v1/sums/a", "content-type": "application/x-ndjson" };
    const broken = session.request(post);
    broken.on("error", () => {});
    broken.write('{"number":1}\n{');
    while (seen.length < 2) await new Promise((resolve) => setImmediate(resolve));
    broken.destroy();
    expect((await send(session, post, '{"number":1}\n')).text).toContain('"sum":');
    session.destroy();
  });
});
