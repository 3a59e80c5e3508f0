import type { Duplex } from "node:stream";
import { turnWork } from "@callwire/transport/client";
import type { WebSocket } from "ws";
import type { EdgeCall } from "../calls/edge-method.js";
import type { RequestParts } from "../binding/request-binding.js";
import type { Exchange } from "../http/exchange.js";
import type { Route } from "../routing/route.js";
import { failureOf } from "../serve/answer.js";
import { openCall, type Opening } from "../serve/open-call.js";
import type { EdgeSettings } from "../serve/settings.js";
import type { FrameCodec } from "./frames.js";
import { keepAlive } from "./keep-alive.js";
import { SocketAnswer } from "./socket-answer.js";
import { SocketRequests } from "./socket-requests.js";
import { boundUnfinished } from "./unfinished-message.js";

/** RFC 6455, section 7.4.1: a client that breaks a rule of the server's. */
const POLICY_VIOLATION = 1008;
/** IANA's registry: try again later. */
const TRY_AGAIN_LATER = 1013;

/** What a call over a socket is made with. */
export interface SocketCall {
  /** The socket beneath. */
  readonly connection: Duplex;
  readonly exchange: Exchange;
  readonly route: Route;
  readonly parts: RequestParts;
  readonly codec: FrameCodec;
  readonly opening: Opening;
}

/** Makes a call of a socket's messages, and its messages of what comes back. It does not throw. */
export async function serveSocket(
  socket: WebSocket,
  { connection, exchange, route, parts, codec, opening }: SocketCall,
  settings: EdgeSettings,
): Promise<void> {
  const { limits } = settings;
  const { requestStream, responseStream } = route.method.descriptor;
  const cutOff = (code: number, reason: string): void => {
    socket.close(code, reason);
    // What is kept of a message goes with the connection alone.
    socket.terminate();
  };
  const hold = () => settings.body.held.open(({ details }) => cutOff(TRY_AGAIN_LATER, details));
  const timeoutMs = limits.bodyTimeoutMs;
  boundUnfinished(socket, connection, {
    hold: hold(),
    timeoutMs,
    onLate: () => cutOff(POLICY_VIOLATION, `the rest of a message did not arrive within ${timeoutMs} ms`),
  });
  const requests = new SocketRequests(socket, hold());
  const answer = new SocketAnswer(socket, settings.answer);
  keepAlive(socket, limits.pingIntervalMs);
  let call: EdgeCall | undefined;
  // It ends the connection by itself, with the code that says why.
  socket.on("error", () => {});
  // Thousands may end at once: a few calls are told in each turn of the event loop.
  socket.on("close", () => void turnWork.each([socket], () => call?.cancel()));
  const read = (): unknown => {
    if (requestStream) return readAll(requests, codec);
    if (route.request.hasBody)
      return requests
        .one(timeoutMs)
        .then((frame) =>
          frame === undefined ? route.request.message(parts, undefined) : codec.read(frame, ""),
        );
    requests.end();
    return route.request.message(parts, undefined);
  };
  try {
    call = openCall(exchange, route, settings, opening);
    if (responseStream) await call.stream(read, (message) => answer.send(codec.write(message)));
    else await answer.send(await call.unary(read, (message) => codec.write(message)));
    answer.end();
  } catch (thrown) {
    answer.fail(failureOf(thrown, call, route, settings));
  } finally {
    requests.end();
    call?.end();
  }
}

async function* readAll(
  requests: SocketRequests,
  codec: FrameCodec,
): AsyncGenerator<unknown, void, undefined> {
  let index = 0;
  for await (const frame of requests.all()) yield codec.read(frame, `[${index++}]`);
}
