import { readFileSync } from "node:fs";
import { createClient } from "@callwire/client-sdk";
import { createServer, tlsCredentials, unauthenticated, type Middleware } from "@callwire/server-kit";
import { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

/** Names the caller by the certificate that it has shown. */
function certificateName(): Middleware<{ caller: string }> {
  return {
    name: "certificateName",
    adds: ["caller"],
    arrived(call) {
      const name = call.peerCertificate?.subject.CN;
      if (typeof name !== "string") throw unauthenticated({ message: "a client certificate is required" });
      call.caller = name;
    },
  };
}

/** Listens with mutual TLS, and looks at its files for new certificates. */
export async function listenSecurely(folder: string) {
  const server = createServer({ middleware: [certificateName()] }).add(StockServiceDefinition, {
    async reserve({ count }, { caller }) {
      return { left: caller === "test-client" ? 3 - count : 0 };
    },
    async *watchItem() {},
  });
  const credentials = tlsCredentials({
    certFile: `${folder}/server.pem`,
    keyFile: `${folder}/server-key.pem`,
    clientCaFile: `${folder}/clients-ca.pem`,
  });
  const port = await server.listen("127.0.0.1:0", credentials);
  return { server, port, credentials };
}

/** A client that trusts the shop's own authority, and shows a certificate. */
export function secureClient(folder: string, port: number) {
  return createClient(StockServiceDefinition, {
    address: `https://localhost:${port}`,
    tls: {
      ca: readFileSync(`${folder}/servers-ca.pem`),
      cert: readFileSync(`${folder}/client.pem`),
      key: readFileSync(`${folder}/client-key.pem`),
    },
  });
}
