import { gzipSync } from "node:zlib";
import { frame, lengthPrefixed } from "../wire.js";
import type { Attack } from "./attack.js";
import { Attacker, echo, fromConnections, H2, hpackString, requestBlock, setting } from "./attacker.js";
import { knownAttacks } from "./known-attacks.js";

/** Just under the default limit of a message. */
const NEARLY_4_MIB = 4 * 1024 * 1024 - 1024;
const STREAMS = 5000;

/** An attack over one or more connections, each with these SETTINGS. */
function attack(
  name: string,
  { connections = 1, settings = [] }: { connections?: number; settings?: Buffer[] },
  run: (attacker: Attacker) => Promise<void>,
): Attack {
  return {
    name,
    run: (port, signal) =>
      fromConnections(connections, signal, () => Attacker.open(port, signal, ...settings), run),
  };
}

const shutWindow = [setting(H2.INITIAL_WINDOW_SIZE, 0)];
const littleMessage = lengthPrefixed(echo.message("a"));
const waitForAbort = lengthPrefixed(Buffer.of(0x1a, 2, 0x20, 1));

/** Opens calls that each have this request, and gets no answer through a shut window. */
async function openCalls(
  attacker: Attacker,
  count: number,
  path: string,
  message: Buffer,
  flags = 1,
): Promise<void> {
  for (let index = 0; index < count && !attacker.closed; index++) {
    await attacker.send(attacker.headers(path));
    if (!(await attacker.data(attacker.lastId, message, flags))) return;
  }
}

/** Sends something again and again, as fast as it is taken. */
async function flood(attacker: Attacker, make: (round: number) => Buffer, pauseMs = 0): Promise<void> {
  for (let round = 0; await attacker.send(make(round)); round++) await attacker.rest(pauseMs);
}

const many = (bytes: Buffer, count: number): Buffer => Buffer.concat(Array<Buffer>(count).fill(bytes));

/** What comes in, in the order of the table that they were found in. */
export const serverAttacks: readonly Attack[] = [
  attack("the connection's window opened byte by byte", { settings: shutWindow }, async (attacker) => {
    await openCalls(attacker, STREAMS, echo.unary, littleMessage);
    await flood(attacker, () => many(attacker.grant(0, 1), 1000), 25);
  }),

  attack("the windows of streams opened byte by byte", { settings: shutWindow }, async (attacker) => {
    await openCalls(attacker, STREAMS, echo.unary, lengthPrefixed(echo.message("x".repeat(10_000))));
    await flood(
      attacker,
      (round) =>
        Buffer.concat(
          Array.from({ length: 1000 }, (_, i) => attacker.grant(2 * ((round * 1000 + i) % STREAMS) + 1, 1)),
        ),
      25,
    );
  }),

  attack("an initial window that goes up and down", { settings: shutWindow }, async (attacker) => {
    await openCalls(attacker, STREAMS, echo.unary, littleMessage);
    await flood(attacker, (round) => setting(H2.INITIAL_WINDOW_SIZE, round % 2), 110);
  }),

  attack("a header table that grows and shrinks", {}, async (attacker) => {
    await flood(
      attacker,
      (round) => {
        const call = [
          attacker.headers(echo.unary),
          frame(H2.DATA, H2.END_STREAM, attacker.lastId, littleMessage),
        ];
        return Buffer.concat([setting(H2.HEADER_TABLE_SIZE, (round % 2) * 4096), ...call]);
      },
      110,
    );
  }),

  attack("messages that grow a thousand times", { connections: 2 }, async (attacker) => {
    const bomb = lengthPrefixed(gzipSync(echo.message("a".repeat(NEARLY_4_MIB))), { flag: 1 });
    for (let index = 0; index < STREAMS && !attacker.closed; index++) {
      await attacker.send(attacker.headers(echo.unary, 0, { "grpc-encoding": "gzip" }));
      await attacker.data(attacker.lastId, bomb);
    }
    await attacker.holdOn();
  }),

  attack("uploads that never finish", { connections: 20 }, async (attacker) => {
    const most = lengthPrefixed(Buffer.alloc(NEARLY_4_MIB - 1024), { length: NEARLY_4_MIB });
    const uploads: Promise<unknown>[] = [];
    for (let index = 0; index < 40; index++) {
      await attacker.send(attacker.headers(echo.clientStream));
      uploads.push(attacker.data(attacker.lastId, most));
    }
    await Promise.all(uploads);
    await attacker.holdOn();
  }),

  attack("whole messages of requests that never end", { connections: 2 }, async (attacker) => {
    const message = lengthPrefixed(echo.message("b".repeat(NEARLY_4_MIB)));
    await openCalls(attacker, 200, echo.unary, message, 0);
    await attacker.holdOn();
  }),

  attack("long answers that are never taken", { connections: 4, settings: shutWindow }, async (attacker) => {
    const message = lengthPrefixed(echo.message("c".repeat(NEARLY_4_MIB)));
    await openCalls(attacker, 100, echo.unary, message);
    await attacker.holdOn();
  }),

  attack("long answers that are taken byte by byte", { settings: shutWindow }, async (attacker) => {
    const message = lengthPrefixed(echo.message("d".repeat(NEARLY_4_MIB)));
    await openCalls(attacker, 15, echo.unary, message);
    await flood(
      attacker,
      () =>
        Buffer.concat(Array.from({ length: 1000 }, (_, index) => attacker.grant(2 * (index % 15) + 1, 1))),
      25,
    );
  }),

  attack("streams opened and reset in a loop", {}, async (attacker) => {
    await flood(
      attacker,
      () => {
        const parts: Buffer[] = [];
        for (let index = 0; index < 100; index++) {
          parts.push(attacker.headers(echo.serverStream));
          parts.push(
            frame(H2.DATA, H2.END_STREAM, attacker.lastId, waitForAbort),
            attacker.reset(attacker.lastId),
          );
        }
        return Buffer.concat(parts);
      },
      25,
    );
  }),

  attack("a thousand streams that get a byte each", {}, async (attacker) => {
    const message = lengthPrefixed(echo.message("e".repeat(60)));
    for (let index = 0; index < 1000; index++) await attacker.send(attacker.headers(echo.clientStream));
    for (let at = 0; !attacker.closed; at = (at + 1) % message.length) {
      for (let id = 1; id <= attacker.lastId; id += 2) {
        if (!(await attacker.data(id, message.subarray(at, at + 1)))) return;
      }
    }
  }),

  attack("resets in the middle of uploads", {}, async (attacker) => {
    const half = lengthPrefixed(Buffer.alloc(200_000), { length: 400_000 });
    while (!attacker.closed) {
      await attacker.send(attacker.headers(echo.clientStream));
      await attacker.data(attacker.lastId, half);
      await attacker.send(attacker.reset(attacker.lastId));
    }
  }),

  attack("a binary field of commas that HPACK repeats", {}, async (attacker) => {
    const name = "x-bin";
    // A literal with incremental indexing (RFC 7541, section 6.2.1); then it is the first entry of the dynamic table.
    const entry = Buffer.concat([Buffer.of(0x40), hpackString(name), hpackString(",".repeat(3900))]);
    const first = Buffer.concat([requestBlock(echo.unary), entry]);
    const again = Buffer.concat([requestBlock(echo.unary), Buffer.alloc(4, 0x80 | 62)]);
    const call = (block: Buffer): Buffer => {
      const id = attacker.nextId;
      attacker.nextId += 2;
      return Buffer.concat([
        frame(H2.HEADERS, H2.END_HEADERS, id, block),
        frame(H2.DATA, H2.END_STREAM, id, littleMessage),
      ]);
    };
    await attacker.send(call(first));
    await flood(attacker, () => Buffer.concat(Array.from({ length: 20 }, () => call(again))), 10);
  }),

  attack("messages of unknown fields", {}, async (attacker) => {
    // Field 100, a varint.
    const message = lengthPrefixed(many(Buffer.from([0xa0, 0x06, 0x00]), 1_000_000));
    while (!attacker.closed) {
      await openCalls(attacker, 1, echo.unary, message);
      await attacker.rest(200);
    }
  }),

  attack("empty messages", {}, async (attacker) => {
    const messages = many(lengthPrefixed(Buffer.alloc(0)), 100_000);
    await attacker.send(attacker.headers(echo.clientStream));
    while (await attacker.data(attacker.lastId, messages));
  }),

  attack("groups in groups", {}, async (attacker) => {
    const depth = 1_000_000;
    const groups = lengthPrefixed(Buffer.concat([Buffer.alloc(depth, 0x7b), Buffer.alloc(depth, 0x7c)]));
    while (!attacker.closed) {
      await openCalls(attacker, 1, echo.unary, groups);
      await attacker.rest(50);
    }
  }),

  attack("idle streams", { connections: 2 }, async (attacker) => {
    for (let index = 0; index < 9000; index++) await attacker.send(attacker.headers(echo.bidiStream));
    await attacker.holdOn();
  }),

  attack(
    "requests that go on while the answers are not taken",
    { settings: shutWindow, connections: 2 },
    async (attacker) => {
      const messages = many(lengthPrefixed(echo.message("f".repeat(1000))), 1000);
      const streams: Promise<unknown>[] = [];
      for (let index = 0; index < 500; index++) {
        await attacker.send(attacker.headers(echo.bidiStream));
        streams.push(attacker.data(attacker.lastId, messages));
      }
      await Promise.all(streams);
      await attacker.holdOn();
    },
  ),

  attack("connections that nobody uses", { connections: 1000 }, async (attacker) => attacker.holdOn()),

  attack("connections that come and go", { connections: 50 }, async () => {}),

  ...knownAttacks,
];
