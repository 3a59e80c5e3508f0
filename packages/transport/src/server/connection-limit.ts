import type { Server } from "node:net";

/** A connection gives way to each new one, once no more places than this part of all are free. */
const FREE_PART = 1 / 16;

/** The most connections that are looked at for one that gives way. */
const LOOKED_AT = 16;

/** A connection that may have to give way to another one. */
export interface LimitedConnection {
  /** Since when it has had no calls, by the clock of `performance.now()`; undefined while it has some, or ends. */
  readonly idleSince: number | undefined;
  /** Ends soon, or with the calls that come meanwhile. */
  giveWay(): void;
}

/** What becomes of connections that are too many. */
export interface OnManyConnections {
  /** Lets one that has no calls give way. */
  makeRoom(): void;
  /** One more was closed as soon as it was accepted. */
  onDrop(peer: string | undefined): void;
}

/**
 * Keeps the connections of a listener to a number, whatever they speak. Of the last places, each that is taken costs another connection,
 * one without calls, its own: who only holds connections keeps nobody out.
 */
export function limitConnections(server: Server, max: number, { makeRoom, onDrop }: OnManyConnections): void {
  if (max === Infinity) return;
  server.maxConnections = max;
  const enough = Math.floor(max * (1 - FREE_PART));
  let open = 0;
  server.on("connection", (socket) => {
    open++;
    socket.once("close", () => open--);
    if (open > enough) makeRoom();
  });
  server.on("drop", (dropped) => {
    makeRoom();
    onDrop(dropped?.remoteAddress);
  });
}

/** Finds connections that give way. It goes round them all, a few each time. */
export class IdleSearch {
  readonly #all: Iterable<LimitedConnection>;
  #round: Iterator<LimitedConnection>;

  constructor(all: Iterable<LimitedConnection>) {
    this.#all = all;
    this.#round = all[Symbol.iterator]();
  }

  /** Of the next few, the one that has been without calls for the longest time. Undefined if all have some. */
  find(): LimitedConnection | undefined {
    let found: LimitedConnection | undefined;
    let since = Infinity;
    for (let looked = 0; looked < LOOKED_AT; looked++) {
      const next = this.#round.next();
      if (next.done === true) {
        this.#round = this.#all[Symbol.iterator]();
        continue;
      }
      const { idleSince = Infinity } = next.value;
      if (idleSince < since) [found, since] = [next.value, idleSince];
    }
    return found;
  }
}

/** The one of both that has been without calls for longer. */
export function longerIdle(
  a: LimitedConnection | undefined,
  b: LimitedConnection | undefined,
): LimitedConnection | undefined {
  return (a?.idleSince ?? Infinity) < (b?.idleSince ?? Infinity) ? a : b;
}
