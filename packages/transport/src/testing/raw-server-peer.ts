import type { AddressInfo } from "node:net";
import type { EchoServiceDefinition } from "@callwire/testkit";
import { Status, type ClientError } from "nice-grpc-common";
import type { Channel } from "../client/channel.js";
import type { ChannelOptions } from "../client/channel-options.js";
import type { CallOptions, Client } from "../client/client-types.js";
import { echoClient } from "./echo-client.js";
import { failureOf } from "./outcomes.js";
import { FLAG_END_STREAM, FRAME_HEADERS } from "../http2/constants.js";
import { dataFrames, echoMessage, outcome } from "./raw-calls.js";
import { RawPeer, settings } from "./raw-peer.js";
import { channelCredentials, createSocketServer } from "./raw-tls.js";

/** The beginning of {@link openRawEcho}. */
export interface RawEchoOptions {
  /** The first bytes of the server on each connection. Default: empty SETTINGS. */
  greeting?: Buffer;
  /** True if it acknowledges the client's SETTINGS by itself. Default: yes. */
  acknowledges?: boolean;
  channel?: ChannelOptions;
}

/** A client of the echo service, and the server that a test plays by hand; both are ended with its block. */
export interface RawEcho extends AsyncDisposable {
  client: Client<typeof EchoServiceDefinition>;
  channel: Channel;
  /** The server's side of the first connection. */
  peer: RawPeer;
  /** The server's sides of all connections so far. */
  peers: readonly RawPeer[];
  /** The server's side of the connection of that index, as soon as there is one. */
  accepted(index: number): Promise<RawPeer>;
}

/** Lets our client connect to a server that says nothing by itself, but for its SETTINGS. */
export async function openRawEcho(options: RawEchoOptions = {}): Promise<RawEcho> {
  const peers: RawPeer[] = [];
  let wake = (): void => {};
  const server = await createSocketServer((socket) => {
    const peer = RawPeer.accept(socket);
    peer.acknowledges = options.acknowledges ?? true;
    peers.push(peer);
    peer.send(options.greeting ?? settings());
    wake();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const echo = echoClient(`127.0.0.1:${port}`, options.channel, await channelCredentials());
  const accepted = async (index: number): Promise<RawPeer> => {
    while (peers[index] === undefined) {
      // oxlint-disable-next-line no-await-in-loop
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return peers[index];
  };
  echo.channel.getConnectivityState(true);
  return {
    client: echo.client,
    channel: echo.channel,
    peer: await accepted(0),
    peers,
    accepted,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        echo.channel.close();
        for (const peer of peers) peer.close();
        server.close(() => resolve());
      }),
  };
}

/** The stream of the client's next call, when its headers have come. */
export async function takeCall(peer: RawPeer): Promise<number> {
  const id = peer.nextId;
  peer.nextId += 2;
  await peer.first((each) => each.id === id && each.type === FRAME_HEADERS);
  return id;
}

/** The stream of the client's next call, when its request is complete. */
export async function takeRequest(peer: RawPeer): Promise<number> {
  const id = await takeCall(peer);
  await outcome(peer, id);
  return id;
}

/** The stream of a call that the client has cancelled, when we have heard of it. */
export async function takeCancelled({ client }: RawEcho, peer: RawPeer): Promise<number> {
  const cancel = new AbortController();
  const failure = failureOf(client.echoUnary({ text: "a" }, { signal: cancel.signal }));
  const id = await takeCall(peer);
  cancel.abort();
  await failure;
  await peer.reset(id);
  return id;
}

/** The headers of a response. */
export function responseHeaders(peer: RawPeer, id: number, more: Record<string, string> = {}): Buffer {
  return peer.headers(id, { ":status": "200", "content-type": "application/grpc", ...more });
}

/** The trailers that end a response well. */
export function okTrailers(peer: RawPeer, id: number): Buffer {
  return peer.headers(id, { "grpc-status": "0" }, FLAG_END_STREAM);
}

/** A whole response. */
export function wholeResponse(peer: RawPeer, id: number, text = "answer"): Buffer {
  return Buffer.concat([responseHeaders(peer, id), dataFrames(id, echoMessage(text)), okTrailers(peer, id)]);
}

/** A request that ends only with its call. */
export async function* openRequest(...texts: string[]): AsyncGenerator<{ text: string }, void, undefined> {
  for (const text of texts) yield { text };
  await new Promise(() => {});
}

/** Makes a unary call and answers it; fails unless the client sends it on this connection, and takes the answer. */
export async function goodEcho({ client }: RawEcho, peer: RawPeer, options?: CallOptions): Promise<void> {
  const serve = async (): Promise<void> => {
    const id = await takeRequest(peer);
    peer.send(wholeResponse(peer, id, "good"));
  };
  const [{ text }] = await Promise.all([client.echoUnary({ text: "good?" }, options), serve()]);
  if (text !== "good") throw new Error(`a good call has been answered ${JSON.stringify(text)}`);
}

/** The bytes that a test sends in place of an answer, or before it. */
export type Said = Buffer | ((peer: RawPeer, id: number) => Buffer);

function say(peer: RawPeer, id: number, said: readonly Said[]): void {
  peer.send(...said.map((each) => (typeof each === "function" ? each(peer, id) : each)));
}

/** The client's answer to this, in place of a response: the connection ends by GOAWAY with that code, and with it the call. */
export async function expectConnectionError(code: number, ...said: Said[]): Promise<void> {
  await using raw = await openRawEcho();
  const failure = failureOf(raw.client.echoUnary({ text: "a" }));
  say(raw.peer, await takeRequest(raw.peer), said);
  const found = await raw.peer.goAway();
  if (found !== code) throw new Error(`the connection has ended with ${found}`);
  expectStatus(await failure, Status.UNAVAILABLE);
}

/** The client's answer to this, in place of a response: RST_STREAM with that code; the connection serves the next call. */
export async function expectStreamError(code: number, ...said: Said[]): Promise<void> {
  await using raw = await openRawEcho();
  const failure = failureOf(raw.client.echoUnary({ text: "a" }));
  const id = await takeRequest(raw.peer);
  say(raw.peer, id, said);
  const found = await raw.peer.reset(id);
  if (found !== code) throw new Error(`the stream was reset with ${found}`);
  expectStatus(await failure, Status.INTERNAL);
  await goodEcho(raw, raw.peer);
}

/** Nothing comes of this: the response behind it counts, and the connection serves the next call. */
export async function expectIgnored(...said: Said[]): Promise<void> {
  await using raw = await openRawEcho();
  const call = raw.client.echoUnary({ text: "a" });
  const serve = async (): Promise<void> => {
    const id = await takeRequest(raw.peer);
    say(raw.peer, id, said);
    raw.peer.send(wholeResponse(raw.peer, id));
  };
  const [{ text }] = await Promise.all([call, serve()]);
  if (text !== "answer") throw new Error(`the answer was ${JSON.stringify(text)}`);
  await goodEcho(raw, raw.peer);
}

function expectStatus({ code, details }: ClientError, expected: Status): void {
  if (code !== expected) throw new Error(`the call has ended with ${code}: ${details}`);
}
