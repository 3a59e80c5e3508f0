import { once } from "node:events";
import { connect } from "node:net";
import { test } from "@jest/globals";
import { testCertificates } from "@callwire/testkit";
import { createServer } from "./create-server.js";
import { ServerCredentials } from "./credentials.js";

/** The header of a record of TLS 1.0, and nothing of the 255 bytes that it announces (RFC 8446, section 5.1). */
const PART_OF_HELLO = Buffer.from("16030100ff", "hex");

test.each([
  ["said nothing", Buffer.alloc(0)],
  ["begun its handshake", PART_OF_HELLO],
])("a client of TLS that has %s and ends its side is let go at once", async (_what, said) => {
  const { server: pem } = await testCertificates();
  const server = createServer({ http2: { handshakeTimeoutMs: 60_000 } });
  const keyPair = { private_key: Buffer.from(pem.key), cert_chain: Buffer.from(pem.cert) };
  const port = await server.listen("127.0.0.1:0", ServerCredentials.createSsl(null, [keyPair]));
  try {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.resume();
    socket.end(said);
    await once(socket, "close");
  } finally {
    server.forceShutdown();
  }
});
