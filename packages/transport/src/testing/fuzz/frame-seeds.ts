import { EchoServiceDefinition, EchoUnaryRequest, type Fault } from "@callwire/testkit";
import { frame, lengthPrefixed } from "@callwire/testkit/wire";
import { gzipSync } from "node:zlib";
import { echoMessage, echoPaths } from "../raw-calls.js";
import { literals, settings, uint32 } from "../raw-peer.js";

const END_STREAM = 1;
const END_HEADERS = 4;
const OK = Buffer.of(0);

/** HEADERS of literals, so that the frame means the same wherever it stands. */
function headers(id: number, flags: number, ...fields: (readonly [name: string, value: string])[]): Buffer {
  return frame(1, END_HEADERS | flags, id, literals(fields));
}

function request(id: number, path: string, ...more: (readonly [name: string, value: string])[]): Buffer {
  return headers(
    id,
    0,
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", "localhost"],
    ["te", "trailers"],
    ["content-type", "application/grpc"],
    ...more,
  );
}

/** A message of the echo service that asks for a fault, or for `count` answers. */
function message(text: string, fault?: Partial<Fault>, count = 0): Buffer {
  const request = { text, count, ...(fault !== undefined && { fault }) };
  const { requestType } = EchoServiceDefinition.methods.echoServerStream;
  return lengthPrefixed(requestType.encode(requestType.fromPartial(request)).finish());
}

const gzipped = gzipSync(
  EchoUnaryRequest.encode(EchoUnaryRequest.fromPartial({ text: "x".repeat(999) })).finish(),
);
const acknowledged = frame(4, 1, 0);

/** Conversations of clients, each behind the byte that says how it is cut: whole. */
export function clientSeeds(): Buffer[] {
  const paths = Object.values(echoPaths);
  const wholeCalls = paths.map((path, i) =>
    Buffer.concat([request(1 + 2 * i, path), frame(0, END_STREAM, 1 + 2 * i, echoMessage("hello"))]),
  );
  return [
    [settings(), acknowledged, ...wholeCalls],
    [
      settings([4, 0]),
      request(1, echoPaths.serverStream),
      frame(0, 1, 1, message("a", undefined, 50)),
      frame(8, 0, 1, uint32(1)),
      frame(8, 0, 0, uint32(1)),
      settings([4, 65_535]),
    ],
    [
      settings(),
      request(1, echoPaths.unary, ["grpc-timeout", "1S"], ["x-bin", "AQID,BA"], ["x-a", "b"]),
      frame(0, 0, 1, echoMessage("a")),
      frame(3, 0, 1, uint32(8)),
    ],
    [
      settings(),
      request(1, echoPaths.unary, ["grpc-encoding", "gzip"], ["grpc-accept-encoding", "gzip"]),
      frame(0, 1, 1, lengthPrefixed(gzipped, { flag: 1 })),
    ],
    [
      settings(),
      request(1, echoPaths.bidiStream),
      frame(0, 0, 1, echoMessage("a")),
      frame(0, 0, 1, message("b", { code: 5, message: "no % é" })),
      frame(0, 1, 1),
    ],
    [
      settings(),
      request(1, echoPaths.unary),
      frame(0, 1, 1, message("b", { waitForAbort: true })),
      frame(3, 0, 1, uint32(8)),
    ],
    [settings(), request(1, echoPaths.unary), frame(0, 1, 1, message("b", { unexpected: true }))],
    [
      settings(),
      frame(1, 0, 1, literals([[":method", "POST"]])),
      frame(9, 0, 1, literals([[":path", echoPaths.unary]])),
      frame(9, 4, 1, literals([[":scheme", "http"]])),
    ],
    [
      settings([1, 0], [3, 1], [5, 16_384], [6, 100]),
      frame(6, 0, 0, Buffer.alloc(8)),
      frame(2, 0, 3, Buffer.alloc(5)),
      frame(7, 0, 0, uint32(0, 0)),
      frame(0xb, 0, 1, Buffer.alloc(3)),
    ],
    [
      settings(),
      headers(1, 1, [":method", "GET"], [":scheme", "http"], [":path", "/"], [":authority", "a"]),
      request(3, "/no.Such/Method", ["content-length", "5"]),
    ],
    [
      settings(),
      frame(
        1,
        0x2d,
        1,
        Buffer.concat([
          Buffer.of(2, 0, 0, 0, 0, 9),
          literals([
            [":method", "POST"],
            [":scheme", "http"],
            [":path", echoPaths.unary],
          ]),
          Buffer.alloc(2),
        ]),
      ),
      frame(0, 9, 1, Buffer.concat([Buffer.of(1), Buffer.alloc(6)])),
    ],
  ].map((parts) => Buffer.concat([OK, ...parts]));
}

const head = [
  [":status", "200"],
  ["content-type", "application/grpc"],
] as const;
const status = (code: string) => ["grpc-status", code] as const;

/** Conversations of servers, likewise. */
export function serverSeeds(): Buffer[] {
  const answers = [1, 3, 5, 7].map((id) =>
    Buffer.concat([headers(id, 0, ...head), frame(0, 0, id, echoMessage("a")), headers(id, 1, status("0"))]),
  );
  return [
    [settings(), acknowledged, ...answers],
    [
      settings(),
      ...[1, 3, 5, 7].map((id) =>
        headers(id, 1, ...head, status(String(id)), ["grpc-message", "no %C3%A9"], ["x-bin", "AQID"]),
      ),
    ],
    [
      settings(),
      headers(1, 0, ...head, ["grpc-encoding", "gzip"]),
      frame(0, 0, 1, lengthPrefixed(gzipped, { flag: 1 })),
      headers(1, 1, status("0")),
    ],
    [
      settings([4, 0], [3, 1]),
      frame(8, 0, 0, uint32(1)),
      frame(8, 0, 1, uint32(3)),
      frame(3, 0, 3, uint32(7)),
      settings([4, 1000]),
    ],
    [settings(), frame(7, 0, 0, Buffer.concat([uint32(1, 0), Buffer.from("max_age")])), ...answers],
    [
      settings(),
      headers(1, 0, ...head),
      frame(0, 1, 1, echoMessage("a")),
      headers(3, 1, [":status", "502"], ["content-type", "text/html"]),
      frame(0, 1, 3, Buffer.from("<html>")),
    ],
    [
      settings(),
      headers(1, 0, [":status", "100"]),
      headers(1, 0, ...head, ["content-length", "7"]),
      frame(3, 0, 1, uint32(0)),
      frame(6, 0, 0, Buffer.alloc(8)),
      frame(5, 4, 1, uint32(2)),
    ],
  ].map((parts) => Buffer.concat([OK, ...parts]));
}

/** Frames, and parts of header blocks. */
export const frameWords: readonly (string | Uint8Array)[] = [
  frame(0, 0, 1),
  frame(0, 1, 1, lengthPrefixed(Buffer.alloc(0))),
  frame(0, 8, 1, Buffer.of(0)),
  frame(3, 0, 1, uint32(8)),
  frame(4, 0, 0),
  acknowledged,
  frame(6, 0, 0, Buffer.alloc(8)),
  frame(8, 0, 0, uint32(0x7fffffff)),
  frame(8, 0, 1, uint32(1)),
  frame(9, 4, 1),
  settings([4, 0]),
  settings([4, 0x7fffffff]),
  settings([1, 0]),
  settings([1, 100]),
  literals([["grpc-timeout", "1m"]]),
  literals([["x-bin", ",,,,"]]),
  literals([["content-length", "0"]]),
  literals([["grpc-encoding", "gzip"]]),
  // A field for the table, and two from it.
  Buffer.concat([Buffer.of(0x40, 1), Buffer.from("x"), Buffer.of(1), Buffer.from("y")]),
  Buffer.of(0xbe),
  Buffer.of(0xbf),
  Buffer.of(0x20),
  Buffer.of(0x83, 0x86),
];
