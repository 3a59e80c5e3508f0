import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { frame, lengthPrefixed } from "../wire.js";
import { echo, H2, literalBlock, PREFACE, setting, uint32 } from "./attacker.js";
import { Frames } from "./frames.js";

/** A server that harms its clients, whatever they call. */
export interface HostileServer {
  readonly name: string;
  /** Listens until the signal aborts; resolves to the port. */
  listen(signal: AbortSignal): Promise<number>;
}

/** A connection of a hostile server. */
class Victim {
  readonly socket: Socket;
  readonly ids: number[] = [];

  constructor(socket: Socket, onCall: (victim: Victim, id: number) => void) {
    this.socket = socket;
    socket.setMaxListeners(0);
    const frames = new Frames();
    let missing = PREFACE.length;
    socket.on("data", (chunk: Buffer) => {
      const passed = Math.min(missing, chunk.length);
      missing -= passed;
      frames.read(chunk.subarray(passed), (type, flags, id, payload) => {
        if (type === H2.SETTINGS && (flags & H2.ACK) === 0) socket.write(frame(H2.SETTINGS, H2.ACK, 0));
        else if (type === H2.PING && (flags & H2.ACK) === 0) socket.write(frame(H2.PING, H2.ACK, 0, payload));
        else if (type === H2.HEADERS) {
          this.ids.push(id);
          onCall(this, id);
        }
      });
    });
  }

  /** Sends, unless too much waits: then the round is left out. */
  send(...parts: Buffer[]): void {
    if (this.socket.writableLength < 1 << 20) this.socket.write(Buffer.concat(parts));
  }

  /** Sends something again and again until the connection is closed. */
  flood(make: (round: number) => Buffer, everyMs: number): void {
    let round = 0;
    const timer = setInterval(() => this.send(make(round++)), everyMs);
    this.socket.once("close", () => clearInterval(timer));
  }

  answer(id: number, encoding = "identity"): Buffer {
    return frame(
      H2.HEADERS,
      H2.END_HEADERS,
      id,
      literalBlock({ ":status": "200", "content-type": "application/grpc", "grpc-encoding": encoding }),
    );
  }
}

function hostile(
  name: string,
  onConnection: (victim: Victim) => void,
  onCall: (victim: Victim, id: number) => void = () => {},
): HostileServer {
  return {
    name,
    async listen(signal) {
      const sockets = new Set<Socket>();
      const server = createServer({ noDelay: true }, (socket) => {
        sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => sockets.delete(socket));
        onConnection(new Victim(socket, onCall));
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      signal.addEventListener("abort", () => {
        server.close();
        for (const socket of sockets) socket.destroy();
      });
      return (server.address() as AddressInfo).port;
    },
  };
}

const preface = (...settings: Buffer[]): ((victim: Victim) => void) => {
  const bytes = settings.length > 0 ? settings : [frame(H2.SETTINGS, 0, 0)];
  return (victim) => victim.send(...bytes);
};
const many = (bytes: Buffer, count: number): Buffer => Buffer.concat(Array<Buffer>(count).fill(bytes));
const grant = (id: number, bytes: number): Buffer => frame(H2.WINDOW_UPDATE, 0, id, uint32(bytes));
const bomb = lengthPrefixed(gzipSync(echo.message("a".repeat(4_000_000))), { flag: 1 });
const text = lengthPrefixed(echo.message("b".repeat(1000)));

/** What servers do to their clients. */
export const hostileServers: readonly HostileServer[] = [
  hostile("windows that open byte by byte", (victim) => {
    victim.send(setting(H2.INITIAL_WINDOW_SIZE, 0));
    victim.flood(() => many(grant(0, 1), 1000), 25);
    victim.flood(
      (round) =>
        Buffer.concat(
          Array.from({ length: 200 }, (_, index) => (round * 200 + index) % Math.max(victim.ids.length, 1))
            .filter((index) => index < victim.ids.length)
            .map((index) => grant(victim.ids[index]!, 1)),
        ),
      25,
    );
  }),

  hostile("an initial window that goes up and down", (victim) => {
    victim.send(setting(H2.INITIAL_WINDOW_SIZE, 0));
    victim.flood((round) => setting(H2.INITIAL_WINDOW_SIZE, round % 2), 110);
  }),

  hostile("an answer that comes byte by byte", preface(), (victim, id) => {
    victim.send(
      victim.answer(id),
      frame(H2.DATA, 0, id, lengthPrefixed(Buffer.alloc(0), { length: 4_000_000 })),
    );
    victim.flood(() => many(frame(H2.DATA, 0, id, Buffer.of(97)), 20), 20);
  }),

  hostile("answers that grow a thousand times and never end", preface(), (victim, id) => {
    victim.send(victim.answer(id, "gzip"), frame(H2.DATA, 0, id, bomb));
  }),

  hostile("answers without end", preface(), (victim, id) => {
    victim.send(victim.answer(id));
    // More than the windows let through would end the connection.
    victim.send(many(frame(H2.DATA, 0, id, text), 60));
  }),

  hostile("GOAWAY after GOAWAY", preface(), (victim) => {
    if (victim.ids.length !== 500) return;
    victim.flood(
      (round) =>
        Buffer.concat(
          Array.from({ length: 10 }, (_, index) =>
            frame(
              H2.GOAWAY,
              0,
              0,
              Buffer.concat([uint32(Math.max(0x7fff_ffff - 2 * (10 * round + index), 0)), uint32(0)]),
            ),
          ),
        ),
      25,
    );
  }),

  hostile("answers to PINGs that measure, and to none", (victim) => {
    preface()(victim);
    victim.flood(() => many(frame(H2.PING, H2.ACK, 0, Buffer.from("cw-bdp\0\0", "latin1")), 10), 25);
  }),
];
