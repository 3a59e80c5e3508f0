import { once } from "node:events";
import { expect, test } from "@jest/globals";
import { ErrorCode } from "../http2/errors.js";
import { start } from "../testing/echo-server.js";
import { rawClient } from "../testing/raw-client.js";
import { RawPeer } from "../testing/raw-peer.js";
import type { HttpHandler } from "./http-handler.js";

/** An extended CONNECT (RFC 8441, section 4). */
const asks = {
  ":method": "CONNECT",
  ":protocol": "websocket",
  ":scheme": "http",
  ":path": "/a?b=c",
  ":authority": "x",
};

/** Sends back what comes. */
const webSocket: HttpHandler["webSocket"] = async (stream) => {
  stream.begin(200, [
    "x-asked",
    `${stream.method} ${stream.path} ${stream.authority} ${stream.fields.join()}`,
  ]);
  for await (const part of stream.body) await stream.write(part);
  await stream.end();
};
const startWith = (more: Partial<HttpHandler>) =>
  start(undefined, { http: { handler: (_, response) => void response.end(), ...more } });

test("a WebSocket over HTTP/2 is announced, and its bytes go both ways until both have ended", async () => {
  await using started = await startWith({ webSocket });
  using client = rawClient(started.address);
  await once(client.session, "remoteSettings");
  expect(client.session.remoteSettings.enableConnectProtocol).toBe(true);
  const stream = client.session.request({ ...asks, "sec-websocket-version": "13" }, { endStream: false });
  const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
  expect(headers).toMatchObject({ ":status": 200, "x-asked": "CONNECT /a?b=c x sec-websocket-version,13" });
  const bytes = Buffer.alloc(3_000_000, "a");
  stream.end(bytes);
  expect(Buffer.concat(await stream.toArray()).equals(bytes)).toBe(true);
  expect(stream.rstCode).toBe(ErrorCode.NO_ERROR);
});

test("an extended CONNECT to another protocol is refused, and one that is not whole reset", async () => {
  await using started = await startWith({ webSocket });
  using client = rawClient(started.address);
  await once(client.session, "remoteSettings");
  const other = client.session.request({ ...asks, ":protocol": "connect-udp" }, { endStream: false });
  expect((await once(other, "response"))[0]).toMatchObject({ ":status": 501 });
  using peer = await RawPeer.open(Number(started.address.split(":")[1]));
  const { ":path": _, ...pathless } = asks;
  peer.send(peer.headers(1, { ...asks, ":method": "GET" }), peer.headers(3, pathless));
  for (const id of [1, 3]) expect(await peer.reset(id)).toBe(ErrorCode.PROTOCOL_ERROR);
});

test("without a handler it is not announced, and an unknown field resets the stream", async () => {
  await using started = await startWith({ stream: (stream) => void stream.respond(200, []) });
  using client = rawClient(started.address);
  await once(client.session, "remoteSettings");
  expect(client.session.remoteSettings.enableConnectProtocol).toBe(false);
  using peer = await RawPeer.open(Number(started.address.split(":")[1]));
  peer.send(peer.headers(1, asks));
  expect(await peer.reset(1)).toBe(ErrorCode.PROTOCOL_ERROR);
});
