import { once } from "node:events";
import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from "node:http2";

/** The outcome of a call, frame by frame. */
export interface RawResponse {
  headers: IncomingHttpHeaders;
  /** Undefined if the headers were the end: a response that has only trailers. */
  trailers: IncomingHttpHeaders | undefined;
  data: Buffer;
}

/** A gRPC call made by hand over HTTP/2, to see what is on the wire, or to send what no client would. */
export interface RawCall extends Disposable {
  session: ClientHttp2Session;
  stream: ClientHttp2Stream;
  /** Resolves when the server has ended the stream. */
  response: Promise<RawResponse>;
}

/** Opens a call; the test writes its body. */
export function rawCall(address: string, path: string, headers: Record<string, string> = {}): RawCall {
  const session = connect(`http://${address}`);
  session.on("error", () => {});
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  stream.on("error", () => {});
  const receive = async (): Promise<RawResponse> => {
    const chunks: Buffer[] = [];
    let trailers: IncomingHttpHeaders | undefined;
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("trailers", (value) => (trailers = value));
    const ended = once(stream, "end");
    const [received] = (await once(stream, "response")) as [IncomingHttpHeaders];
    await ended;
    return { headers: received, trailers, data: Buffer.concat(chunks) };
  };
  return { session, stream, response: receive(), [Symbol.dispose]: () => session.destroy() };
}
