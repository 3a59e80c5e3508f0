import { once } from "node:events";
import { connect, createServer, type TLSSocket } from "node:tls";
import type { AddressInfo } from "node:net";
import { testCertificates } from "@callwire/testkit";
import { expect, test } from "@jest/globals";
import { connectErrorText } from "./tls-mistakes.js";

test("a certificate of an unknown authority says which option is missing", async () => {
  const { server: pair } = await testCertificates();
  const server = createServer(pair, (socket: TLSSocket) => socket.end()).listen(0, "127.0.0.1");
  server.on("tlsClientError", () => {});
  await once(server, "listening");
  const socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
  const [error] = (await once(socket, "error")) as [Error];
  expect(connectErrorText(error, true)).toMatch(
    /certificate.* \(.* give its certificate, as 'tls\.ca' or 'ca' of the credentials\)/,
  );
  server.close();
});
