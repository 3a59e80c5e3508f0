import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import type { Socket } from "node:net";

/** The answer of a server, as it stands on the wire. */
export interface RawAnswer {
  headers: IncomingHttpHeaders;
  /** The header itself, if the response is trailers-only. */
  trailers: IncomingHttpHeaders;
  /** The messages with their flags: `[compressed, bytes]`. */
  messages: [compressed: boolean, bytes: Buffer][];
  /** The code that the stream was closed with. */
  rstCode: number;
}

/** A client that speaks HTTP/2 and nothing above. */
export interface RawClient extends Disposable {
  session: ClientHttp2Session;
  /** Sends DATA as it is cut here, and reads the answer. */
  call(path: string, headers?: Record<string, string | string[]>, ...data: Uint8Array[]): Promise<RawAnswer>;
}

/** @param socket Speaks HTTP/2 already. Default: a connection to the address. */
export function rawClient(address: string, socket?: Socket): RawClient {
  const session = connect(`http://${address}`, socket && { createConnection: () => socket });
  session.on("error", () => {});
  return {
    session,
    async call(path, headers = {}, ...data) {
      const stream = session.request({
        ":method": "POST",
        ":path": path,
        te: "trailers",
        "content-type": "application/grpc",
        ...headers,
      });
      const answer: RawAnswer = { headers: {}, trailers: {}, messages: [], rstCode: 0 };
      const chunks: Buffer[] = [];
      stream.on("response", (got) => (answer.headers = got));
      stream.on("trailers", (got) => (answer.trailers = got));
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("error", () => {});
      const closed = new Promise<void>((resolve) => stream.once("close", resolve));
      for (const part of data) {
        // One frame each: node:http2 would put together what waits.
        await new Promise((resolve) => stream.write(part, resolve));
      }
      stream.end();
      await closed;
      answer.rstCode = stream.rstCode;
      if (answer.headers["grpc-status"] !== undefined) answer.trailers = answer.headers;
      const body = Buffer.concat(chunks);
      for (let at = 0; at + 5 <= body.length;) {
        const end = at + 5 + body.readUInt32BE(at + 1);
        answer.messages.push([body[at] === 1, body.subarray(at + 5, end)]);
        at = end;
      }
      return answer;
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}
