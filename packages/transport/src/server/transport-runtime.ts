import { type KeyCertPair, ServerCredentials } from "./credentials.js";
import type { ServerLimits } from "./server-options.js";
import type { RuntimeServer, ServerRuntime, ServerTlsOptions } from "./server-runtime.js";
import { TransportServer } from "./transport-server.js";

/** The runtime of this package: gRPC over its own HTTP/2. */
export const serverRuntime: ServerRuntime<ServerLimits> = {
  openServer({ limits, http2, http1, onConnectionProblem }) {
    return open(
      new TransportServer({
        limits,
        ...(http2 && { http2 }),
        ...(http1 && { http1 }),
        ...(onConnectionProblem && { onConnectionProblem }),
      }),
    );
  },

  createCredentials(tls: ServerTlsOptions): ServerCredentials {
    return ServerCredentials.createSsl(...certificatesOf(tls), tls.clientCa !== undefined);
  },

  reloadCredentials(credentials, tls) {
    checked(credentials)!.reload(...certificatesOf(tls));
  },
};

function certificatesOf({ cert, key, clientCa }: ServerTlsOptions): [Buffer | null, [KeyCertPair]] {
  const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) };
  return [clientCa === undefined ? null : Buffer.from(clientCa), [pair]];
}

function open(server: TransportServer): RuntimeServer & Pick<TransportServer, "connectInProcess" | "stats"> {
  return {
    add: (definition, implementation, phasesOf) => server.addWithPhases(definition, implementation, phasesOf),
    answerHttp: (handler) => server.answerHttp(handler),
    listen: async (address, credentials) => server.listen(address, checked(credentials)),
    get running() {
      return server.running;
    },
    endStreams: (reason) => server.endStreams(reason),
    shutdown: async () => server.shutdown(),
    forceShutdown: () => server.forceShutdown(),
    // Beyond the seam: what tests and the transport's own channels within the process use.
    connectInProcess: () => server.connectInProcess(),
    stats: server.stats,
  };
}

function checked(credentials: object | undefined): ServerCredentials | undefined {
  if (credentials === undefined || credentials instanceof ServerCredentials) return credentials;
  throw new TypeError("the credentials are not of this runtime: make them by its createCredentials");
}
