import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { IncomingHttpHeaders, ServerHttp2Stream, Settings } from "node:http2";
import type { AddressInfo } from "node:net";
import { EchoUnaryRequest } from "@callwire/testkit";
import { lengthPrefixed } from "@callwire/testkit/wire";
import type { Peer } from "./socket-peer.js";

/** A server that answers streams as a test wants, over node:http2. */
export interface Http2Peer extends Peer {
  sessions: Set<ServerHttp2Session>;
  server: Http2Server;
}

export async function startHttp2(
  onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  settings: Settings = {},
  port = 0,
): Promise<Http2Peer> {
  const sessions = new Set<ServerHttp2Session>();
  const server = createHttp2Server({ settings });
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    session.on("error", () => {});
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    onStream(stream, headers);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const bound = (server.address() as AddressInfo).port;
  return {
    address: `127.0.0.1:${bound}`,
    port: bound,
    sessions,
    server,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const session of sessions) session.destroy();
        server.close(() => resolve());
      }),
  };
}

/** An echo of this text, as bytes. */
export function echoOf(text: string): Uint8Array {
  // The response has its text where the request has it.
  return EchoUnaryRequest.encode(EchoUnaryRequest.fromPartial({ text })).finish();
}

/** Answers a stream with one message and OK. */
export function answer(stream: ServerHttp2Stream, text: string): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(lengthPrefixed(echoOf(text)));
}
