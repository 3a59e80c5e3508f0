import { gzipSync } from "node:zlib";
import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { frame, lengthPrefixed } from "@callwire/testkit/wire";
import { describe, expect, test } from "@jest/globals";
import { Status } from "nice-grpc-common";
import { createServer } from "../server/create-server.js";
import {
  echoMessage,
  echoPaths,
  expectGoAway,
  expectReset,
  goodCall,
  outcome,
  requestFields,
  startRawServer,
} from "../testing/raw-calls.js";
import { literals, RawPeer, settings, uint32 } from "../testing/raw-peer.js";
import { resetConnection, serverCredentials } from "../testing/raw-tls.js";
import { serverBytes } from "./buffered-bytes.js";
import {
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FRAME_DATA,
  FRAME_HEADERS,
  FRAME_RST_STREAM,
  FRAME_WINDOW_UPDATE,
  SETTING_MAX_FRAME_SIZE,
  SETTING_MAX_HEADER_LIST_SIZE,
} from "./constants.js";
import { ErrorCode } from "./errors.js";

// What other implementations were found to do wrong, by the numbers of their advisories. Each is sent to the end, and cut off by a reset.

const headers = (block: Buffer, id = 1): Buffer => frame(FRAME_HEADERS, FLAG_END_HEADERS, id, block);
const fields = Object.entries(requestFields());
const without = (name: string): Buffer => headers(literals(fields.filter(([each]) => each !== name)));

/** A call whose message says that it is compressed. */
function compressed(encoding: string | undefined, bytes: Buffer): Buffer {
  const message = lengthPrefixed(bytes);
  message[0] = 1;
  const more = encoding === undefined ? [] : [["grpc-encoding", encoding]];
  return Buffer.concat([
    headers(literals([...fields, ...more])),
    frame(FRAME_DATA, FLAG_END_STREAM, 1, message),
  ]);
}

const endsConnection: [string, Buffer, ErrorCode][] = [
  [
    "a window of the connection over 2^31-1 (CVE-2026-21714)",
    frame(FRAME_WINDOW_UPDATE, 0, 0, uint32(0x7fff_ffff)),
    ErrorCode.FLOW_CONTROL_ERROR,
  ],
  [
    "a largest frame of 0 bytes (CVE-2026-33814)",
    settings([SETTING_MAX_FRAME_SIZE, 0]),
    ErrorCode.PROTOCOL_ERROR,
  ],
  [
    "a header block that is none (CVE-2025-59465)",
    headers(Buffer.alloc(16_000, 0xff)),
    ErrorCode.COMPRESSION_ERROR,
  ],
];

const endsStream: [string, Buffer, ErrorCode][] = [
  ["a request without :path (CVE-2026-48068)", without(":path"), ErrorCode.PROTOCOL_ERROR],
  ["a request without :method (CVE-2026-48068)", without(":method"), ErrorCode.PROTOCOL_ERROR],
  ["a request without a field (CVE-2026-48068)", headers(Buffer.alloc(0)), ErrorCode.PROTOCOL_ERROR],
  [
    "DATA behind a reset (CVE-2026-26311)",
    Buffer.concat([
      headers(literals(fields)),
      frame(FRAME_RST_STREAM, 0, 1, uint32(ErrorCode.CANCEL)),
      frame(FRAME_DATA, FLAG_END_STREAM, 1, echoMessage("x")),
    ]),
    ErrorCode.STREAM_CLOSED,
  ],
];

const endsCall: [string, Buffer, Status][] = [
  ["a message that is no gzip (CVE-2026-48069)", compressed("gzip", Buffer.from("x")), Status.INTERNAL],
  ["a message of no gzip at all (CVE-2026-48069)", compressed("gzip", Buffer.alloc(0)), Status.INTERNAL],
  [
    "a message of half a gzip (CVE-2026-48069)",
    compressed("gzip", gzipSync(echoMessage("hello")).subarray(0, 15)),
    Status.INTERNAL,
  ],
  [
    "a compressed message without an encoding (CVE-2026-48069)",
    compressed(undefined, Buffer.from("x")),
    Status.INTERNAL,
  ],
  [
    "a message of groups within groups (CVE-2024-7254, CVE-2026-48712)",
    Buffer.concat([
      headers(literals(fields)),
      frame(FRAME_DATA, FLAG_END_STREAM, 1, lengthPrefixed(Buffer.alloc(10_000, 0x53))),
    ]),
    Status.INTERNAL,
  ],
];

describe("an attack that others were open to ends no more than it must", () => {
  test.each(endsConnection)("%s: the connection", async (_what, bytes, code) => {
    await using server = await startRawServer();
    using peer = await RawPeer.open(server.port);
    peer.send(bytes);
    await expectGoAway(peer, code);
    using other = await RawPeer.open(server.port);
    await goodCall(other);
  });

  test.each(endsStream)("%s: the stream", async (_what, bytes, code) => {
    await using server = await startRawServer();
    using peer = await RawPeer.open(server.port);
    peer.nextId = 3;
    peer.send(bytes);
    await expectReset(peer, 1, code);
    await goodCall(peer);
  });

  test.each(endsCall)("%s: the call", async (_what, bytes, status) => {
    await using server = await startRawServer();
    using peer = await RawPeer.open(server.port);
    peer.nextId = 3;
    peer.send(bytes);
    expect((await outcome(peer, 1)).fields["grpc-status"]).toBe(String(status));
    await goodCall(peer);
  });

  test.each([...endsConnection, ...endsStream, ...endsCall])(
    "%s, and a reset behind it",
    async (_what, bytes) => {
      await using server = await startRawServer();
      for (let at = 0; at < 3; at++) {
        const peer = await RawPeer.open(server.port);
        peer.send(bytes);
        // Before the answer, or in the middle of it.
        for (let turns = 0; turns < at; turns++) await new Promise((resolve) => setImmediate(resolve));
        resetConnection(peer.socket);
      }
      using other = await RawPeer.open(server.port);
      await goodCall(other);
    },
  );
});

test("frames of types that are not of HTTP/2 are passed over, on each stream (CVE-2026-27141)", async () => {
  await using server = await startRawServer();
  using peer = await RawPeer.open(server.port);
  peer.nextId = 3;
  // A call that runs, none, one to come, and the connection.
  peer.send(peer.headers(1, requestFields()));
  for (let type = 0xa; type < 0x100; type++)
    for (const id of [0, 1, 2, 7]) peer.send(frame(type, type, id, Buffer.alloc(type % 6)));
  peer.send(frame(FRAME_DATA, FLAG_END_STREAM, 1, echoMessage("x")));
  expect((await outcome(peer, 1)).fields["grpc-status"]).toBe("0");
  await goodCall(peer);
});

test("a client that takes no header list costs no more than its calls (CVE-2026-50560)", async () => {
  await using server = await startRawServer();
  using peer = await RawPeer.open(server.port, [SETTING_MAX_HEADER_LIST_SIZE, 0]);
  for (const id of [1, 3]) {
    peer.send(peer.headers(id, requestFields()), frame(FRAME_DATA, FLAG_END_STREAM, id, echoMessage("x")));
    // A status goes out all the same: without one, the call would have no end.
    expect((await outcome(peer, id)).fields["grpc-status"]).toBeDefined();
  }
});

test("a message that comes byte by byte takes no more memory than its length (CVE-2026-84304)", async () => {
  await using server = await startRawServer();
  using peer = await RawPeer.open(server.port);
  const message = echoMessage("x".repeat(5000));
  peer.send(peer.headers(1, requestFields()));
  const parts = Array.from(message.subarray(0, -1), (byte) => frame(FRAME_DATA, 0, 1, Buffer.of(byte)));
  peer.send(...parts);
  await peer.settled();
  expect(serverBytes.total).toBeLessThan(2 * message.length);
  peer.send(frame(FRAME_DATA, FLAG_END_STREAM, 1, message.subarray(-1)));
  expect((await outcome(peer, 1)).fields["grpc-status"]).toBe("0");
});

test("a request without :authority and host is a call like others (GHSA-2v4p-qf9q-27wj)", async () => {
  await using server = await startRawServer();
  using peer = await RawPeer.open(server.port);
  peer.send(without(":authority"), frame(FRAME_DATA, FLAG_END_STREAM, 1, echoMessage("x")));
  expect((await outcome(peer, 1)).fields["grpc-status"]).toBe("0");
});

test("names of metadata that objects have by themselves are names like others (CVE-2026-21710)", async () => {
  const server = createServer();
  const names = ["__proto__", "constructor", "tostring", "hasownproperty"];
  const seen: unknown[] = [];
  server.add(EchoServiceDefinition, {
    ...echoService(),
    async echoUnary(_request, { metadata, trailer }) {
      for (const name of names) {
        seen.push(metadata.get(name), metadata.getAll(name));
        trailer.set(name, "y");
      }
      return {};
    },
  });
  const port = await server.listen("127.0.0.1:0", await serverCredentials());
  using peer = await RawPeer.open(port);
  const odd = Object.fromEntries(names.slice(1).map((name) => [name, "x"]));
  const block = Buffer.concat([
    peer.block({ ...requestFields(echoPaths.unary), ...odd }),
    literals([["__proto__", "x"]]),
  ]);
  peer.send(headers(block), frame(FRAME_DATA, FLAG_END_STREAM, 1, echoMessage("x")));
  const { fields: trailers } = await outcome(peer, 1);
  expect(trailers["grpc-status"]).toBe("0");
  expect(trailers["constructor"]).toBe("y");
  expect(seen).toEqual(names.flatMap(() => ["x", ["x"]]));
  expect(Object.keys(Object.prototype)).toEqual([]);
  await server.drain(0);
});
