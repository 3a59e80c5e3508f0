import { expect, test } from "@jest/globals";
import { frame, lengthPrefixed } from "@callwire/testkit/wire";
import { serverBytes } from "../http2/buffered-bytes.js";
import { FLAG_END_STREAM, FRAME_DATA, SETTING_INITIAL_WINDOW_SIZE } from "../http2/constants.js";
import { ErrorCode } from "../http2/errors.js";
import { MIN_PROGRESS_BYTES } from "../http2/pending-output.js";
import {
  dataFrames,
  echoMessage,
  echoPaths,
  expectGoAway,
  goodCall,
  openCall,
  outcome,
  sendCall,
  startRawServer,
} from "../testing/raw-calls.js";
import { RawPeer } from "../testing/raw-peer.js";

const SIZE = 100_000;
const noWindow = [SETTING_INITIAL_WINDOW_SIZE, 0] as const;

/** Makes a call whose answer is so long, and whose request fits in the windows. */
function send(peer: RawPeer, size = SIZE): number {
  const id = openCall(peer, echoPaths.unary);
  peer.send(dataFrames(id, echoMessage("x".repeat(size)), FLAG_END_STREAM));
  return id;
}

/** The same, and waits until the answer waits. */
async function ask(peer: RawPeer, size = SIZE): Promise<number> {
  const id = send(peer, size);
  await peer.settled();
  return id;
}

test("an answer that would be beyond what may wait ends its call, and no other", async () => {
  await using served = await startRawServer({ limits: { maxUnsentBytes: 2.1 * SIZE } });
  using peer = await RawPeer.open(served.port, noWindow);
  // One alone may be longer.
  const ids = [await ask(peer, 2.2 * SIZE)];
  const beyond = await outcome(peer, await ask(peer));
  expect(beyond.fields).toMatchObject({
    "grpc-status": "8",
    "grpc-message": "too many bytes wait to be sent to this client",
  });
  expect(serverBytes.total).toBeGreaterThan(2 * SIZE);
  peer.send(peer.grant(10 * SIZE), ...ids.map((id) => peer.grant(3 * SIZE, id)));
  for (const id of ids) {
    expect((await outcome(peer, id)).fields["grpc-status"]).toBe("0");
    expect(peer.dataOf(id)).toBeGreaterThan(SIZE);
  }
  await peer.settled();
  expect(serverBytes.total).toBe(0);
});

test("an answer that is not taken, or byte by byte, is cut off; one that is taken slowly is not", async () => {
  await using served = await startRawServer({ limits: { answerTimeoutMs: 1000, minPingIntervalMs: 0 } });
  using peer = await RawPeer.open(served.port, noWindow);
  peer.send(peer.grant(10 * SIZE));
  const [never, bytes, slow] = [await ask(peer), await ask(peer), await ask(peer)];
  // All of it takes longer than the limit; a busy machine may stand still for most of that.
  const timer = setInterval(() => {
    peer.send(peer.grant(1, bytes), peer.grant(MIN_PROGRESS_BYTES, slow));
  }, 200);
  try {
    expect(await peer.reset(never)).toBe(ErrorCode.CANCEL);
    expect(await peer.reset(bytes)).toBe(ErrorCode.CANCEL);
    expect((await outcome(peer, slow)).fields["grpc-status"]).toBe("0");
  } finally {
    clearInterval(timer);
  }
});

test("a stream of answers waits for a reader that takes its time", async () => {
  await using served = await startRawServer({ limits: { answerTimeoutMs: 30, minPingIntervalMs: 0 } });
  using peer = await RawPeer.open(served.port, noWindow);
  const id = openCall(peer, echoPaths.bidiStream);
  peer.send(frame(FRAME_DATA, 0, id, echoMessage("slow")));
  for (let round = 0; round < 10; round++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    await peer.settled();
  }
  peer.send(peer.grant(1000, id), frame(FRAME_DATA, FLAG_END_STREAM, id));
  expect((await outcome(peer, id)).fields["grpc-status"]).toBe("0");
});

test("a connection for which much waits, and that takes nothing, ends", async () => {
  await using served = await startRawServer({
    limits: { answerTimeoutMs: 50, maxUnsentBytes: 2 * SIZE, minPingIntervalMs: 0 },
  });
  using peer = await RawPeer.open(served.port, noWindow);
  // Streams: their calls alone would wait.
  const [first, second] = [openCall(peer), openCall(peer)];
  for (const id of [first, second]) peer.send(dataFrames(id, echoMessage("x".repeat(0.7 * SIZE))));
  await expectGoAway(peer, ErrorCode.ENHANCE_YOUR_CALM);
});

test("all connections together keep no more than the process may: who has most of it gets no more", async () => {
  await using served = await startRawServer(
    { limits: { maxBufferedBytes: 3 * SIZE, maxReceiveMessageBytes: SIZE } },
    { echoUnary: async () => ({ text: "x".repeat(SIZE) }) },
  );
  using greedy = await RawPeer.open(served.port, noWindow);
  using modest = await RawPeer.open(served.port, noWindow);
  const refused = await outcome(greedy, Array.from({ length: 4 }, () => sendCall(greedy)).at(-1)!);
  expect(refused.fields["grpc-status"]).toBe("8");
  const id = sendCall(modest);
  modest.send(modest.grant(2 * SIZE), modest.grant(2 * SIZE, id));
  expect((await outcome(modest, id)).fields["grpc-status"]).toBe("0");
});

test.each([
  ["groups in groups", Buffer.concat([Buffer.alloc(1_000_000, 0x7b), Buffer.alloc(1_000_000, 0x7c)])],
  ["groups that do not end", Buffer.alloc(1_000_000, 0x7b)],
])("a message of %s ends its call with INTERNAL, and the connection goes on", async (_, bytes) => {
  await using served = await startRawServer({ limits: { minPingIntervalMs: 0 } });
  using peer = await RawPeer.open(served.port);
  const id = openCall(peer, echoPaths.unary);
  const message = lengthPrefixed(bytes);
  for (let at = 0; at < message.length;) {
    const size = Math.min(60_000, message.length - at);
    const end = at + size === message.length ? FLAG_END_STREAM : 0;
    peer.send(dataFrames(id, message.subarray(at, at + size), end));
    await peer.settled();
    at += size;
  }
  expect((await outcome(peer, id)).fields["grpc-status"]).toBe("13");
  await goodCall(peer);
});
