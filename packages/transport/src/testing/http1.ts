import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Writes a text to a port, and reads what comes until the other end closes. */
export async function speak(port: number, text: string): Promise<string> {
  return readToEnd(await say(port, text));
}

/** Connects to a port, and writes a text. */
export async function say(port: number, text: string): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(text, "latin1");
  return socket;
}

/** Reads a socket until the other end closes it. */
export async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  if (!socket.closed) await once(socket, "close");
  return Buffer.concat(chunks).toString("latin1");
}
