import {
  createSecureServer,
  createServer as createHttp2Server,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
} from "node:http2";
import type { IncomingHttpHeaders, ServerHttp2Stream, Settings } from "node:http2";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { EchoServiceDefinition, EchoUnaryRequest } from "@callwire/testkit";
import type { ClientError } from "nice-grpc-common";
import { createChannel, type Channel } from "./channel.js";
import type { ChannelCredentials } from "./channel-credentials.js";
import type { ChannelOptions } from "./channel-options.js";
import type { Client } from "./client-types.js";
import { createClient } from "./create-client.js";

/** A client of the echo service, whose channel is closed at the end of the block. */
export interface EchoClient extends Disposable {
  client: Client<typeof EchoServiceDefinition>;
  channel: Channel;
}

export function echoClient(
  address: string,
  options: ChannelOptions = {},
  credentials?: ChannelCredentials,
): EchoClient {
  const channel = createChannel(address, credentials, options);
  return {
    client: createClient(EchoServiceDefinition, channel),
    channel,
    [Symbol.dispose]: () => channel.close(),
  };
}

/** A server of a test's own making. */
export interface Peer extends AsyncDisposable {
  address: string;
  port: number;
}

/** A server that answers streams as a test wants, over node:http2. */
export interface Http2Peer extends Peer {
  sessions: Set<ServerHttp2Session>;
  server: Http2Server | Http2SecureServer;
}

export async function startHttp2(
  onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  settings: Settings = {},
  port = 0,
  tls?: { key: string; cert: string },
): Promise<Http2Peer> {
  const sessions = new Set<ServerHttp2Session>();
  const server =
    tls === undefined ? createHttp2Server({ settings }) : createSecureServer({ settings, ...tls });
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

/** A server that says on its sockets what a test wants. */
export async function startRaw(onSocket: (socket: Socket) => void): Promise<Peer & { sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    // Bytes that are not read hide the end behind them.
    socket.resume();
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    port,
    sockets,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** A frame, as bytes. */
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** A message with its prefix. */
export function prefixed(bytes: Uint8Array, compressed = false): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = compressed ? 1 : 0;
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
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
  stream.end(prefixed(echoOf(text)));
}

/** The error of a call; fails itself if the call does not. */
export async function failureOf(call: Promise<unknown>): Promise<ClientError> {
  try {
    await call;
  } catch (error) {
    return error as ClientError;
  }
  throw new Error("the call has succeeded");
}

/** All messages of a response. */
export async function collect<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

/** A promise, and what settles it. */
export function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
