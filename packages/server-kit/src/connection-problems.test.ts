import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { connect as connectHttp2 } from "node:http2";
import { testCertificates } from "@callwire/testkit";
import { expect, test } from "@jest/globals";
import { createServer } from "./create-server.js";
import { tlsCredentials } from "./tls-credentials.js";

const { ca, server: certificate } = await testCertificates();

/** A server whose log is an array, and a promise of its next line. */
async function listening(tls: boolean) {
  const lines: string[] = [];
  let onLine = () => {};
  const logger = {
    warn(line: string) {
      lines.push(line);
      onLine();
    },
  };
  const server = createServer({ logger: logger as never });
  const port = await server.listen("127.0.0.1:0", tls ? tlsCredentials(certificate) : undefined);
  const line = () => new Promise<void>((resolve) => (onLine = resolve));
  return { lines, line, port, [Symbol.dispose]: () => server.forceShutdown() };
}

test("clear text to a port with TLS is said, once a minute", async () => {
  using server = await listening(true);
  const line = server.line();
  for (let time = 0; time < 3; time++) {
    const session = connectHttp2(`http://127.0.0.1:${server.port}`);
    session.on("error", () => {});
    await once(session, "close");
  }
  await line;
  expect(server.lines).toEqual([
    expect.stringMatching(/^a client spoke clear text to this port, which takes TLS: .*127/),
  ]);
});

test("TLS to a port in clear text is said", async () => {
  using server = await listening(false);
  const line = server.line();
  connectTls({ host: "127.0.0.1", port: server.port, ca }).on("error", () => {});
  await line;
  expect(server.lines).toEqual([
    expect.stringMatching(/^a client spoke TLS to this port, which is in clear text: /),
  ]);
});

test("HTTP/1.1 is said, and a probe that says nothing is not", async () => {
  using server = await listening(false);
  connectTcp(server.port, "127.0.0.1").end();
  const line = server.line();
  connectTcp(server.port, "127.0.0.1")
    .on("error", () => {})
    .write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await line;
  expect(server.lines).toEqual([expect.stringMatching(/^a client spoke HTTP\/1\.1 to this port/)]);
});
