import { once } from "node:events";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { expect, test } from "@jest/globals";
import { testCertificates } from "@callwire/testkit";
import { CLIENT_PREFACE } from "../http2/constants.js";
import { settings } from "../testing/raw-peer.js";
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

test.each(["h2", "http/1.1"])(
  "a client that speaks %s and wants another handshake of TLS 1.2 loses its connection (RFC 9113, section 9.2.1)",
  async (protocol) => {
    const { ca, server: pem } = await testCertificates();
    let asked = 0;
    const server = createServer({
      http: { handler: (_request, response) => void response.end(`${asked++}`) },
    });
    const keyPair = { private_key: Buffer.from(pem.key), cert_chain: Buffer.from(pem.cert) };
    const port = await server.listen("127.0.0.1:0", ServerCredentials.createSsl(null, [keyPair]));
    const socket = connectTls({
      port,
      host: "127.0.0.1",
      servername: "localhost",
      ca,
      ALPNProtocols: [protocol],
      maxVersion: "TLSv1.2",
    });
    socket.on("error", () => {});
    await once(socket, "secureConnect");
    socket.write(
      protocol === "h2" ? Buffer.concat([CLIENT_PREFACE, settings()]) : "GET / HTTP/1.1\r\nhost: x\r\n\r\n",
    );
    await once(socket, "data");
    let again = false;
    socket.renegotiate({}, (error) => (again = error === null));
    socket.resume();
    await once(socket, "close");
    expect(again).toBe(false);
    await server.drain(0);
  },
);
