import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server, type Http2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createEdge, type CorsOptions } from "@callwire/edge";
import { createLogger, createServer, errorBoundary, type AnyMiddleware } from "@callwire/server-kit";
import { echoService, EchoServiceDefinition, type Fault } from "@callwire/testkit";
import type { CallContext } from "@callwire/transport";

/** The echo service behind an edge that listens. Disposing of it ends all that was started. */
export interface EchoEdge extends AsyncDisposable {
  /** Where it listens, by version of HTTP. */
  readonly urls: Readonly<Record<"1.1" | "2", string>>;
  /** Waits until so many handlers that wait for the end of their calls have seen it. */
  handlersCancelled(count: number): Promise<void>;
}

/** Serves the echo service. It answers `x-sent` in the header, and `x-sent-bin` in the trailers. */
export async function serveEchoEdge(cors?: CorsOptions): Promise<EchoEdge> {
  const waiting: AbortSignal[] = [];
  const noteWaiting: AnyMiddleware = {
    name: "noteWaiting",
    request(message, { signal }) {
      if ((message as { fault?: Fault }).fault?.waitForAbort === true) waiting.push(signal);
      return message;
    },
  };
  const logger = createLogger({ level: "silent" });
  const server = createServer({ middleware: [errorBoundary({ logger }), noteWaiting] });
  const observe = (context: CallContext) => {
    const text = context.metadata.get("x-sent");
    const bytes = context.metadata.get("x-sent-bin");
    if (text !== undefined) context.header.set("x-seen", text);
    if (bytes !== undefined) context.trailer.set("x-end-bin", bytes);
  };
  server.add(EchoServiceDefinition, echoService(observe));
  const edge = createEdge({
    server,
    requestMetadata: ["x-sent", "x-sent-bin"],
    responseMetadata: ["x-seen", "x-end-bin"],
    ...(cors && { cors }),
  });
  const http1 = createHttpServer(edge.handler).listen(0, "127.0.0.1");
  const http2 = createHttp2Server(edge.handler).listen(0, "127.0.0.1");
  const sessions: Http2Session[] = [];
  http2.on("session", (session) => sessions.push(session));
  await Promise.all([once(http1, "listening"), once(http2, "listening")]);
  const urlOf = (listener: { address(): unknown }) =>
    `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  return {
    urls: { "1.1": urlOf(http1), "2": urlOf(http2) },
    async handlersCancelled(count) {
      while (waiting.length < count) await turn();
      for (const signal of waiting.splice(0)) if (!signal.aborted) await once(signal, "abort");
    },
    async [Symbol.asyncDispose]() {
      const closed = Promise.all([once(http1, "close"), once(http2, "close")]);
      http1.close();
      http1.closeAllConnections();
      http2.close();
      // Clients keep theirs open.
      for (const session of sessions) session.destroy();
      server.forceShutdown();
      await closed;
    },
  };
}

/** The serialized FileDescriptorSet of the echo service: clients of protobuf-es need no more of its contract. */
export function echoDescriptors(): Uint8Array<ArrayBuffer> {
  const root = fileURLToPath(new URL("../../../../", import.meta.url));
  const args = ["build", "packages/testkit/proto", "-o", "-#format=binpb"];
  return new Uint8Array(execFileSync(`${root}node_modules/.bin/buf`, args, { cwd: root }));
}
