import { once } from "node:events";
import { connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";

/** The result of a call: the fields of its headers and trailers, and the bytes of its body. */
export interface RawAnswer {
  fields: IncomingHttpHeaders;
  /** `grpc-status`; NaN if there is none. */
  code: number;
  body: Buffer;
}

/** A call as it goes over the wire. */
export interface RawRequest {
  path: string;
  /** Beside, or instead of, those that a gRPC call has. */
  headers?: OutgoingHttpHeaders;
  body: Uint8Array;
}

/** One connection over which a test sends what no gRPC client would. */
export interface RawSession extends Disposable {
  call(request: RawRequest): Promise<RawAnswer>;
}

/** Opens a connection; if it breaks, the calls on it fail. */
export async function rawSession(address: string): Promise<RawSession> {
  const session = connect(`http://${address}`);
  await once(session, "connect");
  return {
    async call({ path, headers, body }) {
      const stream = session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
        ...headers,
      });
      const fields: IncomingHttpHeaders = {};
      const chunks: Buffer[] = [];
      stream.on("response", (headers) => Object.assign(fields, headers));
      stream.on("trailers", (trailers) => Object.assign(fields, trailers));
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      const closed = once(stream, "close");
      stream.end(body);
      await closed;
      return { fields, code: Number(fields["grpc-status"]), body: Buffer.concat(chunks) };
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}
