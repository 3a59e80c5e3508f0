import { setMaxListeners } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { brotliCompressSync, constants } from "node:zlib";
import type { Attack } from "./attack.js";
import { Attacker, fromConnections } from "./attacker.js";

// What comes to an edge that serves the users' contract. All of it keeps to the limits of one request.

const NEARLY_4_MIB = 4 * 1024 * 1024 - 1024;
const HALF_OBJECT = Buffer.alloc(NEARLY_4_MIB, '{"name": "');
const BODIES = 150;

const post = (path: string, type: string): string =>
  `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${4 * 1024 * 1024}\r\n\r\n`;

/** Opens streams on one connection of HTTP/2, and sends each the beginning of a body. */
function overHttp2(name: string, path: string, fields: Record<string, string>, body: () => Buffer): Attack {
  return {
    name,
    run: (port, signal) =>
      fromConnections(
        1,
        signal,
        () => Attacker.open(port, signal),
        async (attacker) => {
          const bytes = body();
          const bodies: Promise<unknown>[] = [];
          for (let index = 0; index < BODIES; index++) {
            await attacker.send(attacker.headers(path, 0, fields));
            bodies.push(attacker.data(attacker.lastId, bytes));
          }
          await Promise.all(bodies);
          await attacker.holdOn();
        },
      ),
  };
}

/** Opens connections of HTTP/1.1, and sends each these bytes. It comes back with each that is closed. */
function overHttp1(name: string, head: string, body: Buffer = Buffer.alloc(0), reads = true): Attack {
  const one = async (port: number, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const socket = connect(port, "127.0.0.1").on("error", () => {});
      if (reads) socket.resume();
      const leave = (): void => void socket.destroy();
      signal.addEventListener("abort", leave, { once: true });
      socket.write(head);
      socket.write(body);
      // Not `once` of node:events, which rejects for a reset.
      await new Promise((resolve) => socket.once("close", resolve));
      signal.removeEventListener("abort", leave);
      await delay(20);
    }
  };
  return {
    name,
    run: async (port, signal) => {
      setMaxListeners(0, signal);
      await Promise.all(Array.from({ length: BODIES }, () => one(port, signal)));
    },
  };
}

/** The handshake of a WebSocket (RFC 6455, section 4.1). */
const HANDSHAKE =
  "GET /v1/users:upload HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n" +
  `sec-websocket-version: 13\r\nsec-websocket-key: ${Buffer.alloc(16).toString("base64")}\r\n\r\n`;

/** The first of several frames of a text (RFC 6455, section 5.2), whose mask changes nothing. */
function firstFrame(text: Buffer): Buffer {
  const head = Buffer.alloc(14);
  head.set([0x01, 0x80 | 127]);
  head.writeBigUInt64BE(BigInt(text.length), 2);
  return Buffer.concat([head, text]);
}

/** Empty lines, for which the receiver must keep the largest window that there is (RFC 7932, section 9.1). */
function linesOfBrotli(): Buffer {
  const params = { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_QUALITY]: 5 };
  return brotliCompressSync(Buffer.alloc(20_000_000, "\n"), { params }).subarray(0, -1);
}

const WATCH = "GET /v1/users:watch?resume_token=1000000000 HTTP/1.1\r\nhost: localhost\r\n";

/** What comes to an edge. */
export const edgeAttacks: readonly Attack[] = [
  overHttp2(
    "bodies over HTTP/2 that never end",
    "/v1/users",
    { "content-type": "application/json" },
    () => HALF_OBJECT,
  ),
  overHttp1("bodies over HTTP/1.1 that never end", post("/v1/users", "application/json"), HALF_OBJECT),
  overHttp2(
    "lines that never end",
    "/v1/users:upload",
    { "content-type": "application/x-ndjson" },
    () => HALF_OBJECT,
  ),
  overHttp2(
    "compressed bodies that need a large window",
    "/v1/users:upload",
    { "content-type": "application/x-ndjson", "content-encoding": "br" },
    linesOfBrotli,
  ),
  overHttp1(
    "a body of chunks of one byte",
    "POST /v1/users HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
    Buffer.from("1\r\n \r\n".repeat(10_000)),
  ),
  overHttp1(
    "requests over HTTP/1.1 that do not wait for their answers",
    "GET /v1/users/nobody HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(1000),
  ),
  overHttp1("messages of WebSockets that never end", HANDSHAKE, firstFrame(HALF_OBJECT)),
  overHttp1(
    "Server-Sent Events that are not read",
    `${WATCH}accept: text/event-stream\r\n\r\n`,
    undefined,
    false,
  ),
];
