import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { forEachConnection, type Operations } from "../../client/job.js";
import { run } from "../../client/run.js";
import { userAt } from "../../service/data.js";
import { exchangeBytes, GET_REQUEST_BYTES, GET_RESPONSE_BYTES, type Purpose } from "./protocol.js";

type Open = (purpose: Purpose) => Socket;

/** Calls over one socket: what is asked in one turn of the event loop goes out in one write; answers come in order. */
class Calls {
  readonly #socket: Socket;
  readonly #request: number;
  readonly #response: number;
  readonly #waiting: (() => void)[] = [];
  #unsent = 0;
  #received = 0;

  constructor(open: Open, request: number, response: number) {
    this.#socket = open({ purpose: "calls", request, response });
    this.#request = request;
    this.#response = response;
    this.#socket.on("data", (chunk: Buffer) => this.#onData(chunk.length));
  }

  call(): Promise<void> {
    if (this.#unsent++ === 0) setImmediate(() => this.#send());
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #send(): void {
    this.#socket.write(Buffer.allocUnsafe(this.#unsent * this.#request));
    this.#unsent = 0;
  }

  #onData(bytes: number): void {
    this.#received += bytes;
    const answers = Math.floor(this.#received / this.#response);
    this.#received -= answers * this.#response;
    for (const resolve of this.#waiting.splice(0, answers)) resolve();
  }
}

function operations(open: Open): Operations {
  const users = Array.from({ length: 10 }, (_, index) => userAt(index));
  let calls: Calls | undefined;
  return {
    // The user does not come over the wire: its bytes' number does.
    async getUser(id) {
      calls ??= new Calls(open, GET_REQUEST_BYTES, GET_RESPONSE_BYTES);
      await calls.call();
      return users[Number(id.slice(-1))]!;
    },
    async exchange(data) {
      const { request, response } = exchangeBytes(data.length);
      calls ??= new Calls(open, request, response);
      await calls.call();
      return data;
    },
    async *download(size, count) {
      const socket = open({ purpose: "download", size, count });
      let left = size * count;
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        yield chunk.length;
        left -= chunk.length;
        if (left === 0) break;
      }
    },
    async upload(data, count) {
      const socket = open({ purpose: "upload" });
      for (let sent = 0; sent < count; sent++) {
        if (socket.write(data)) continue;
        await new Promise((resolve) => {
          socket.once("drain", resolve);
        });
      }
      socket.end();
      let answer = "";
      for await (const chunk of socket as AsyncIterable<Buffer>) answer += chunk.toString("latin1");
      return Number(answer);
    },
  };
}

await run(({ port, ca, connections }) => {
  const address = { port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true };
  const open: Open = (purpose) => {
    const socket = ca === undefined ? connectTcp(address) : connectTls({ ...address, ca });
    socket.setNoDelay(true);
    socket.write(`${JSON.stringify(purpose)}\n`);
    return socket;
  };
  return forEachConnection(connections, () => operations(open));
});
