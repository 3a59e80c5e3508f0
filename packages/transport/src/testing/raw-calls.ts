import { EchoServiceDefinition, echoService, EchoUnaryRequest } from "@callwire/testkit";
import { frame, lengthPrefixed } from "@callwire/testkit/wire";
import type { ServiceImplementation } from "nice-grpc";
import { FLAG_END_STREAM, FRAME_DATA, MIN_MAX_FRAME_SIZE } from "../http2/constants.js";
import { createServer, type Server } from "../server/create-server.js";
import type { ServerOptions } from "../server/server-options.js";
import { endsStream, RawPeer, type RawFrame } from "./raw-peer.js";
import { scheme, serverCredentials } from "./raw-tls.js";

/** A server of the echo service, ended with its block. */
export interface RawServer extends AsyncDisposable {
  server: Server;
  port: number;
}

export async function startRawServer(
  options: ServerOptions = {},
  overrides: Partial<ServiceImplementation<typeof EchoServiceDefinition>> = {},
): Promise<RawServer> {
  const server = createServer(options);
  server.add(EchoServiceDefinition, { ...echoService(), ...overrides });
  const port = await server.listen("127.0.0.1:0", await serverCredentials());
  return { server, port, [Symbol.asyncDispose]: async () => server.forceShutdown() };
}

/** The paths of the echo service. */
export const echoPaths = {
  unary: `/${EchoServiceDefinition.fullName}/EchoUnary`,
  serverStream: `/${EchoServiceDefinition.fullName}/EchoServerStream`,
  clientStream: `/${EchoServiceDefinition.fullName}/EchoClientStream`,
  bidiStream: `/${EchoServiceDefinition.fullName}/EchoBidiStream`,
} as const;

/** The headers of a call. */
export function requestFields(path: string = echoPaths.unary): Record<string, string> {
  return {
    ":method": "POST",
    ":scheme": scheme,
    ":path": path,
    ":authority": "localhost",
    te: "trailers",
    "content-type": "application/grpc+proto",
  };
}

/** A message that all of the echo's methods take, with its prefix. */
export function echoMessage(text: string): Buffer {
  return lengthPrefixed(EchoUnaryRequest.encode(EchoUnaryRequest.fromPartial({ text })).finish());
}

/** DATA frames with these bytes, each of a size that everybody takes. */
export function dataFrames(id: number, bytes: Buffer, flags = 0): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += MIN_MAX_FRAME_SIZE) {
    const last = at + MIN_MAX_FRAME_SIZE >= bytes.length;
    frames.push(frame(FRAME_DATA, last ? flags : 0, id, bytes.subarray(at, at + MIN_MAX_FRAME_SIZE)));
  }
  return Buffer.concat(frames);
}

/** Opens a stream and leaves it open; returns its id. */
export function openCall(peer: RawPeer, path: string = echoPaths.bidiStream): number {
  const id = peer.nextId;
  peer.nextId += 2;
  peer.send(peer.headers(id, requestFields(path)));
  return id;
}

/** Makes a unary call and returns its id; {@link outcome} waits for it. */
export function sendCall(peer: RawPeer, text = "hello"): number {
  const id = peer.nextId;
  peer.nextId += 2;
  peer.send(peer.headers(id, requestFields()), dataFrames(id, echoMessage(text), FLAG_END_STREAM));
  return id;
}

/** The frame that ends a stream. */
export async function outcome(peer: RawPeer, id: number): Promise<RawFrame> {
  return peer.first((each) => each.id === id && endsStream(each));
}

/** Makes a unary call; fails unless its answer is OK. */
export async function goodCall(peer: RawPeer, text = "hello"): Promise<void> {
  const { fields } = await outcome(peer, sendCall(peer, text));
  if (fields["grpc-status"] !== "0") throw new Error(`a good call has ended with ${JSON.stringify(fields)}`);
}

/** The peer's answer: the connection's end, by GOAWAY with one of these codes. */
export async function expectGoAway(peer: RawPeer, ...codes: number[]): Promise<void> {
  const code = await peer.goAway();
  if (!codes.includes(Number(code))) throw new Error(`the connection has ended with ${code}`);
}

/** The peer's answer: RST_STREAM with one of these codes; the connection goes on. */
export async function expectReset(peer: RawPeer, id: number, ...codes: number[]): Promise<void> {
  const code = await peer.reset(id);
  if (!codes.includes(code)) throw new Error(`the stream was reset with ${code}`);
  await goodCall(peer);
}
