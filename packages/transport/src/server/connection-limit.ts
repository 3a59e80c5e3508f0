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

/**
 * Keeps the connections of a listener to a number, whatever they speak. Of the last places, each that is taken costs another connection,
 * one without calls, its own: who only holds connections keeps nobody out.
 *
 * @param onDrop One more was closed as soon as it was accepted.
 */
export function limitConnections(
  server: Server,
  max: number,
  idle: IdleSearch,
  onDrop: (peer: string | undefined) => void,
): void {
  if (max === Infinity) return;
  server.maxConnections = max;
  const enough = Math.floor(max * (1 - FREE_PART));
  let open = 0;
  server.on("connection", (socket) => {
    open++;
    socket.once("close", () => open--);
    if (open > enough) idle.find()?.giveWay();
  });
  server.on("drop", (dropped) => {
    idle.find()?.giveWay();
    onDrop(dropped?.remoteAddress);
  });
}

/** Finds connections that give way. It goes round them all, a few each time. */
export class IdleSearch {
  /** Those to look at next come first. An iterator that waits here for its next turn would keep connections that are gone. */
  readonly #queue = new Set<LimitedConnection>();

  add(connection: LimitedConnection): void {
    this.#queue.add(connection);
  }

  delete(connection: LimitedConnection): void {
    this.#queue.delete(connection);
  }

  /** Of the next few, the one that has been without calls for the longest time. Undefined if all have some. */
  find(): LimitedConnection | undefined {
    let found: LimitedConnection | undefined;
    let since = Infinity;
    for (const connection of this.#next()) {
      const { idleSince = Infinity } = connection;
      if (idleSince < since) [found, since] = [connection, idleSince];
      this.#queue.delete(connection);
      this.#queue.add(connection);
    }
    return found;
  }

  #next(): LimitedConnection[] {
    const next: LimitedConnection[] = [];
    for (const connection of this.#queue) {
      next.push(connection);
      if (next.length === LOOKED_AT) break;
    }
    return next;
  }
}
