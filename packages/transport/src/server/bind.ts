import { lstat, unlink } from "node:fs/promises";
import { connect, type Server } from "node:net";

/** The time that a socket's owner may take to answer a connection, in milliseconds: one that is busy is alive. */
const PROBE_MS = 1_000;

/**
 * Makes room for a unix socket: the file of a server that was killed stays, and would block its successor. It removes a socket
 * that nobody listens on, and nothing else.
 *
 * @returns True if there was one, and the path is free now.
 */
async function removeDeadSocket(path: string): Promise<boolean> {
  // An abstract socket goes with its process.
  if (path.startsWith("\0")) return false;
  try {
    const before = await lstat(path);
    if (!before.isSocket() || !(await isDead(path))) return false;
    // Another successor may have taken it over meanwhile.
    const now = await lstat(path);
    if (now.ino !== before.ino || now.ctimeMs !== before.ctimeMs) return false;
    await unlink(path);
    return true;
  } catch {
    // The error of `listen` says more.
    return false;
  }
}

function isDead(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const finish = (dead: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(dead);
    };
    const timer = setTimeout(() => finish(false), PROBE_MS);
    socket.once("connect", () => finish(false));
    // Any other error, such as EACCES or EAGAIN, says nothing of its owner.
    socket.on("error", (error: NodeJS.ErrnoException) => finish(error.code === "ECONNREFUSED"));
  });
}

/** An address as node:net takes it; `exclusive` keeps it from the primary process of node:cluster. */
export type ListenAddress = ({ path: string } | { host: string; port: number }) & { exclusive?: boolean };

/** Listens on an address. The socket of a server that was killed is taken over. */
export async function bind(server: Server, where: ListenAddress): Promise<void> {
  try {
    await listenOnce(server, where);
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
    if (!isTaken || !("path" in where) || !(await removeDeadSocket(where.path))) throw error;
    await listenOnce(server, where);
  }
}

function listenOnce(server: Server, where: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
