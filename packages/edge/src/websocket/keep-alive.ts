import type { WebSocket } from "ws";
import { TimeLimit } from "../internal/time-limit.js";

/** Asks a client for a sign of life from time to time, and ends the connection of one that gives none. */
export function keepAlive(socket: WebSocket, intervalMs: number): void {
  let isAlive = true;
  const onTime = (): void => {
    if (!isAlive) {
      socket.terminate();
      return;
    }
    // A socket that is not read hears no sign.
    isAlive = socket.isPaused;
    socket.ping();
    limit = new TimeLimit(intervalMs, onTime);
  };
  let limit = new TimeLimit(intervalMs, onTime);
  const onSign = (): void => void (isAlive = true);
  socket.on("pong", onSign).on("ping", onSign).on("message", onSign);
  socket.on("close", () => limit.clear());
}
