import { createServer, type AddressInfo, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { blob } from "../../service/data.js";
import { serve } from "../../service/serve.js";
import type { Purpose } from "./protocol.js";

function accept(socket: Socket): void {
  socket.setNoDelay(true);
  socket.on("error", () => {});
  let line = "";
  const onFirst = (chunk: Buffer): void => {
    const end = chunk.indexOf(10);
    line += chunk.toString("latin1", 0, end < 0 ? chunk.length : end);
    if (end < 0) return;
    socket.off("data", onFirst);
    begin(socket, JSON.parse(line) as Purpose, chunk.subarray(end + 1));
  };
  socket.on("data", onFirst);
}

function begin(socket: Socket, purpose: Purpose, rest: Buffer): void {
  if (purpose.purpose === "calls") answerCalls(socket, purpose.request, purpose.response, rest);
  else if (purpose.purpose === "download") send(socket, blob(purpose.size), purpose.count);
  else count(socket, rest.length);
}

/** As many bytes of answers as there are whole requests, in one write for each read. */
function answerCalls(socket: Socket, request: number, response: number, rest: Buffer): void {
  const answers = Buffer.alloc(response);
  let received = 0;
  const onData = (chunk: Buffer): void => {
    received += chunk.length;
    const calls = Math.floor(received / request);
    if (calls === 0) return;
    received -= calls * request;
    socket.write(calls === 1 ? answers : Buffer.allocUnsafe(calls * response));
  };
  onData(rest);
  socket.on("data", onData);
}

function send(socket: Socket, bytes: Buffer, count: number): void {
  for (let left = count; left > 0; left--) {
    if (socket.write(bytes)) continue;
    socket.once("drain", () => send(socket, bytes, left - 1));
    return;
  }
}

/** Says how much has come each time that the other side says it has sent all: by half-closing. */
function count(socket: Socket, first: number): void {
  let size = first;
  socket.on("data", (chunk: Buffer) => {
    size += chunk.length;
  });
  socket.on("end", () => socket.end(`${size}\n`));
}

await serve(async (tls) => {
  const options = { allowHalfOpen: true };
  const server = tls ? createTlsServer({ ...tls, ...options }, accept) : createServer(options, accept);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
});
