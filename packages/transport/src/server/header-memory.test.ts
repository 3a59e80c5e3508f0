import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { frame } from "@callwire/testkit/wire";
import { expect, test } from "@jest/globals";
import { Status } from "nice-grpc-common";
import { serverBytes } from "../http2/buffered-bytes.js";
import {
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FRAME_DATA,
  FRAME_HEADERS,
  SETTING_INITIAL_WINDOW_SIZE,
} from "../http2/constants.js";
import { echoMessage, requestFields } from "../testing/raw-calls.js";
import { RawPeer } from "../testing/raw-peer.js";
import { serverCredentials } from "../testing/raw-tls.js";
import { createServer } from "./create-server.js";

/** The fields of each request, of a byte each once the first one has filled the table, and of 34 bytes for the list. */
const FIELDS = 400;
const MAX_BUFFERED_BYTES = 1024 * 1024;

/** The index of what entered the table last (RFC 7541, section 2.3.3). */
const NEWEST = 0x80 | 62;

async function served() {
  const server = createServer({
    limits: { maxBufferedBytes: MAX_BUFFERED_BYTES, maxReceiveMessageBytes: 1024 },
  });
  server.add(EchoServiceDefinition, echoService());
  const port = await server.listen("127.0.0.1:0", await serverCredentials());
  return { port, server, [Symbol.asyncDispose]: async () => void (await server.drain(0)) };
}

/** Sends requests that are little on the wire, and much in memory. The answers wait: the client gives them no credit. */
function sendBombs(peer: RawPeer, count: number, fields: Record<string, string>): number[] {
  const ids: number[] = [];
  for (let at = 0; at < count; at++, peer.nextId += 2) {
    // The last field enters the table anew with each request, and is there for the others.
    const first = peer.block({ ...fields, [`a${at % 10}`]: String(at % 7) });
    const block = Buffer.concat([first, Buffer.alloc(FIELDS, NEWEST)]);
    peer.send(
      frame(FRAME_HEADERS, FLAG_END_HEADERS, peer.nextId, block),
      frame(FRAME_DATA, FLAG_END_STREAM, peer.nextId, echoMessage("x")),
    );
    ids.push(peer.nextId);
  }
  return ids;
}

test("many fields of a byte each count while their answers wait, and no more is kept than the limit allows", async () => {
  const fields = requestFields();
  await using it = await served();
  using peer = await RawPeer.open(it.port, [SETTING_INITIAL_WINDOW_SIZE, 0]);
  using other = await RawPeer.open(it.port);
  const ids = sendBombs(peer, 200, fields);
  await peer.settled();
  expect(serverBytes.total).toBeGreaterThan(MAX_BUFFERED_BYTES / 2);
  expect(serverBytes.total).toBeLessThan(MAX_BUFFERED_BYTES + 64 * 1024);
  const message = "too many bytes of metadata wait in memory";
  const refused = await peer.first((each) => each.fields["grpc-message"] === message);
  expect(refused.fields["grpc-status"]).toBe(String(Status.RESOURCE_EXHAUSTED));
  // As many as there is room for.
  expect(ids.indexOf(refused.id)).toBeGreaterThan(20);
  // Others are served, with metadata of any size.
  const [id] = sendBombs(other, 1, fields);
  const ok = await other.first((each) => each.id === id && each.fields["grpc-status"] !== undefined);
  expect(ok.fields["grpc-status"]).toBe("0");
  peer.close();
  other.close();
  await it.server.drain(0);
  expect(serverBytes).toMatchObject({ total: 0, connections: 0 });
});

test("a header list that is small does not count", async () => {
  await using it = await served();
  using peer = await RawPeer.open(it.port, [SETTING_INITIAL_WINDOW_SIZE, 0]);
  peer.send(peer.headers(1, { ...requestFields(), x: "y".repeat(1000) }));
  await peer.settled();
  expect(serverBytes.total).toBe(0);
});
