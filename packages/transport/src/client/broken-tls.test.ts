import { once } from "node:events";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import {
  connect as connectTcp,
  createServer as createTcpServer,
  type AddressInfo,
  type Socket,
} from "node:net";
import { EchoServiceDefinition, echoService, testCertificates } from "@callwire/testkit";
import { expect, test } from "@jest/globals";
import { createServer } from "../server/create-server.js";
import { ServerCredentials } from "../server/credentials.js";
import { deferred, failureOf } from "../testing/outcomes.js";
import { settings } from "../testing/raw-peer.js";
import { ChannelCredentials } from "./channel-credentials.js";
import { createChannel } from "./channel.js";
import { createClient } from "./create-client.js";

test("what breaks TLS in the middle of a call is told on one line, in words", async () => {
  const pem = await testCertificates();
  const server = createServer();
  const running = deferred();
  server.add(EchoServiceDefinition, {
    ...echoService(),
    echoUnary: () => new Promise(() => running.resolve()),
  });
  const { key, cert } = pem.server;
  const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) };
  const port = await server.listen("127.0.0.1:0", ServerCredentials.createSsl(null, [pair]));
  // Between the two, on TCP.
  let toClient: Socket | undefined;
  const between = createTcpServer((socket) => {
    toClient = socket;
    const toServer = connectTcp(port, "127.0.0.1");
    for (const each of [socket, toServer]) each.on("error", () => {});
    socket.pipe(toServer);
    toServer.pipe(socket);
  }).listen(0, "127.0.0.1");
  await once(between, "listening");
  const channel = createChannel(
    `127.0.0.1:${(between.address() as AddressInfo).port}`,
    ChannelCredentials.createSsl(Buffer.from(pem.ca)),
  );
  const call = failureOf(createClient(EchoServiceDefinition, channel).echoUnary({}));
  await running.promise;
  toClient!.write("HTTP/1.1 400 Bad Request\r\n\r\n");
  const { details } = await call;
  expect(details).toMatch(/^the connection to \S+ was lost: [a-z0-9 ]+ \(ERR_SSL_\w+\)$/);
  channel.close();
  await server.drain(0);
  between.close();
});

test("a server that wants another handshake of TLS 1.2 gets none (RFC 9113, section 9.2.1)", async () => {
  const pem = await testCertificates();
  const sockets: TLSSocket[] = [];
  const server = createTlsServer(
    { ...pem.server, ALPNProtocols: ["h2"], maxVersion: "TLSv1.2" },
    (socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      socket.write(settings());
      socket.once("data", () => socket.renegotiate({}, () => socket.end()));
    },
  ).listen(0, "127.0.0.1");
  await once(server, "listening");
  const channel = createChannel(
    `127.0.0.1:${(server.address() as AddressInfo).port}`,
    ChannelCredentials.createSsl(Buffer.from(pem.ca)),
  );
  const { details } = await failureOf(createClient(EchoServiceDefinition, channel).echoUnary({}));
  expect(details).toMatch(/was lost: .* alert handshake failure/);
  channel.close();
  server.close();
  for (const socket of sockets) socket.destroy();
});
