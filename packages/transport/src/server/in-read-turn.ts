import type { Socket } from "node:net";
import { beginRead, isReadTurnOver, readLater } from "../http2/read-turn.js";

/**
 * Calls back once a connection has sent something, in the turns that all connections read in, behind what is little. What it has sent is
 * still in the socket, which is paused.
 */
export function inReadTurn(socket: Socket, onTurn: () => void): void {
  const onError = (): void => void socket.destroy();
  const onData = (chunk: Buffer): void => {
    socket.off("data", onData).off("end", onError);
    // Its end comes behind it.
    socket.pause();
    socket.unshift(chunk);
    const begin = (): void => {
      socket.off("error", onError);
      if (socket.destroyed) return;
      beginRead(performance.now());
      onTurn();
    };
    if (isReadTurnOver(performance.now())) readLater(begin);
    else begin();
  };
  socket.on("data", onData);
  socket.on("error", onError);
  // A client that has ended its side says nothing more.
  socket.on("end", onError);
}
