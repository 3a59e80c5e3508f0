import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import { echoMessage, echoPaths, goodCall, requestFields, startRawServer } from "../testing/raw-calls.js";
import { RawPeer, settings, uint32 } from "../testing/raw-peer.js";
import { CLIENT_PREFACE, FRAME_GOAWAY } from "./constants.js";
import { ErrorCode } from "./errors.js";
import { FrameReader } from "./frame-reader.js";

/** The duration in seconds: more on demand. */
const SECONDS = Number(process.env["FUZZ_SECONDS"] ?? 2);
/** The first seed: another one each time only where more time is asked for. A failure shows its own: set FUZZ_SEED to repeat it. */
const SEED = Number(
  process.env["FUZZ_SEED"] ?? (process.env["FUZZ_SECONDS"] === undefined ? 1 : Date.now() >>> 0),
);
const MAX_GROWTH_BYTES = 200 * 1024 * 1024;

/** Numbers that a failure can be repeated with. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A conversation that means something, some of whose frames are then broken. */
function conversation(peer: RawPeer, pick: (below: number) => number): Buffer {
  const frames: Buffer[] = [settings([4, pick(2) === 0 ? 1 : 65_535]), frame(4, 1, 0)];
  const paths = [...Object.values(echoPaths), "/no.Such/Method"];
  for (let i = 0; i < 20; i++) {
    const id = 1 + 2 * pick(8);
    const flags = pick(2) === 0 ? 0 : pick(256);
    const made = [
      () => peer.headers(1 + 2 * i, requestFields(paths[pick(paths.length)]), pick(2)),
      () => frame(0, flags & 1, id, echoMessage("x".repeat(pick(300)))),
      () => frame(0, flags, id, Buffer.alloc(pick(20), pick(256))),
      () => frame(1, flags, id, Buffer.from([0x82, 0x86, pick(256), pick(256)])),
      () => frame(3, flags, id, uint32(pick(16))),
      () => frame(6, flags & 1, 0, Buffer.alloc(8)),
      () => frame(8, flags, pick(2) * id, uint32(pick(2 ** 20))),
      () => frame(9, flags, id, Buffer.alloc(pick(9))),
      () => settings([pick(8), pick(2 ** 31)]),
      () => frame(pick(12), pick(256), pick(20), Buffer.alloc(pick(30), pick(256))),
    ];
    frames.push(made[pick(made.length)]!());
  }
  const bytes = Buffer.concat(frames);
  for (let i = pick(4); i > 0; i--) bytes[pick(bytes.length)] = pick(256);
  return bytes.subarray(0, bytes.length - (pick(4) === 0 ? pick(20) : 0));
}

test(
  "whatever comes, the server lives, tells whose fault it is and serves others",
  async () => {
    const faults: unknown[] = [];
    const onFault = (error: unknown): void => void faults.push(error);
    process.on("uncaughtException", onFault);
    process.on("unhandledRejection", onFault);
    const before = process.memoryUsage().rss;
    try {
      await using served = await startRawServer();
      using witness = await RawPeer.open(served.port);
      witness.send(witness.grant(1 << 30));
      const until = Date.now() + SECONDS * 1000;
      for (let seed = SEED; Date.now() < until; seed++) {
        const pick = random(seed);
        // Its answers are for another reader: they may be of any form.
        using maker = await RawPeer.connect(served.port);
        const socket = connect(served.port, "127.0.0.1");
        const answers: Buffer[] = [];
        socket.on("data", (chunk: Buffer) => answers.push(chunk));
        socket.on("error", () => {});
        await once(socket, "connect");
        const closed = once(socket, "close");
        const bytes = Buffer.concat([CLIENT_PREFACE, conversation(maker, pick)]);
        const cut = pick(bytes.length);
        socket.write(bytes.subarray(0, cut));
        socket.end(bytes.subarray(cut));
        await closed;
        expect({ seed, codes: goAways(Buffer.concat(answers)) }).not.toMatchObject({
          codes: expect.arrayContaining([ErrorCode.INTERNAL_ERROR]),
        });
        await goodCall(witness);
        witness.received.length = 0;
        expect({ seed, faults }).toEqual({ seed, faults: [] });
      }
      expect(process.memoryUsage().rss - before).toBeLessThan(MAX_GROWTH_BYTES);
    } finally {
      process.off("uncaughtException", onFault);
      process.off("unhandledRejection", onFault);
    }
  },
  20_000 + SECONDS * 2000,
);

/** The codes of all GOAWAY frames among these bytes. */
function goAways(bytes: Buffer): number[] {
  const codes: number[] = [];
  new FrameReader({
    onFrame(type, _flags, _id, buffer, start) {
      if (type === FRAME_GOAWAY) codes.push(buffer.readUInt32BE(start + 4));
      return true;
    },
  }).read(bytes);
  return codes;
}
