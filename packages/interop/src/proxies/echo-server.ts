import {
  createLogger,
  createServer,
  errorBoundary,
  notFound,
  tlsCredentials,
  type CallwireServer,
} from "@callwire/server-kit";
import { EchoServiceDefinition } from "@callwire/testkit";
import { certificates } from "./proxy.js";

/** Servers of the four shapes for proxies to call. Disposing of them ends them. */
export interface EchoServers extends AsyncDisposable {
  /** The port of the one in clear text, and of the one over TLS. */
  readonly clear: number;
  readonly tls: number;
  /** The number of requests that came compressed. */
  readonly compressed: number;
}

/** A part of the transport's context that the kit's type leaves out: not every runtime compresses. */
interface Compression {
  wasCompressed(message: object): boolean;
  compressResponses(on: boolean): void;
}

/** Starts one server in clear text and one over TLS, each on a free port. */
export async function startEchoServers(): Promise<EchoServers> {
  let compressed = 0;
  const add = (server: CallwireServer<object>) =>
    server.add(EchoServiceDefinition, {
      /** Answers with the caller's metadata, in header and trailer; compresses its answer if the request was. */
      async echoUnary(request, context) {
        for (const [key, values] of context.metadata) {
          if (!key.startsWith("x-test-")) continue;
          for (const value of values) {
            context.header.append(key, value);
            context.trailer.append(`x-trailer-${key.slice("x-test-".length)}`, value);
          }
        }
        const { wasCompressed, compressResponses } = context as unknown as Compression;
        if (wasCompressed(request)) {
          compressed++;
          compressResponses(true);
        }
        if (request.fault?.waitForAbort) await aborted(context.signal);
        if (request.fault?.code) throw notFound({ resource: "a thing", id: request.text });
        return { text: request.text };
      },
      async *echoServerStream({ text, count }) {
        for (let index = 0; index < count; index++) yield { text, index };
      },
      async echoClientStream(requests) {
        let count = 0;
        let length = 0;
        for await (const { text } of requests) {
          count++;
          length += text.length;
        }
        return { text: String(length), count };
      },
      async *echoBidiStream(requests) {
        for await (const { text } of requests) yield { text };
      },
    });
  const logger = createLogger({ name: "echo", level: "silent" });
  const middleware = [errorBoundary({ logger })] as const;
  const clear = add(createServer({ middleware }));
  const tls = add(createServer({ middleware }));
  const end = () => {
    clear.forceShutdown();
    tls.forceShutdown();
  };
  try {
    return {
      clear: await clear.listen("127.0.0.1:0"),
      tls: await tls.listen("127.0.0.1:0", tlsCredentials(certificates.server)),
      get compressed() {
        return compressed;
      },
      [Symbol.asyncDispose]: async () => end(),
    };
  } catch (error) {
    end();
    throw error;
  }
}

/** Rejects when the signal aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = () => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
  });
}
