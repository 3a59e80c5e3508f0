import { createServer as createTcpServer, connect as connectTcp, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { testCertificates, type TestCertificates } from "@callwire/testkit";
import { ChannelCredentials } from "../client/channel-credentials.js";
import { ServerCredentials } from "../server/credentials.js";

/** True if this is the run over TLS: jest.config.mjs says so. */
declare const overTls: boolean;

/** The scheme of requests in this run (RFC 9113, section 8.3.1). */
export const scheme = overTls ? "https" : "http";

/** Both sides agree on HTTP/2 by ALPN (RFC 9113, section 3.2). */
const ALPNProtocols = ["h2"];

let certificates: Promise<TestCertificates> | undefined;

/** The certificates of this run; undefined in clear text. They take a while: a test file makes them once. */
async function runCertificates(): Promise<TestCertificates | undefined> {
  if (overTls) certificates ??= testCertificates();
  return certificates;
}

/** The credentials of our servers in this run. */
export async function serverCredentials(): Promise<ServerCredentials> {
  const pem = await runCertificates();
  if (pem === undefined) return ServerCredentials.createInsecure();
  const { key, cert } = pem.server;
  return ServerCredentials.createSsl(null, [
    { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) },
  ]);
}

/** The credentials of our channels in this run. */
export async function channelCredentials(): Promise<ChannelCredentials> {
  const pem = await runCertificates();
  return pem === undefined
    ? ChannelCredentials.createInsecure()
    : ChannelCredentials.createSsl(Buffer.from(pem.ca));
}

/** Connects to a server on this machine; fails unless it takes HTTP/2. */
export async function connectSocket(port: number): Promise<Socket> {
  const address = { host: "127.0.0.1", port };
  const pem = await runCertificates();
  return new Promise((resolve, reject) => {
    if (pem === undefined) {
      const socket = connectTcp(address, () => resolve(socket));
      socket.once("error", reject);
      return;
    }
    const under = connectTcp(address);
    under.once("error", reject);
    const socket = connectTls({ socket: under, servername: "localhost", ca: pem.ca, ALPNProtocols }, () => {
      if (socket.alpnProtocol === "h2") resolve(socket);
      else reject(new Error("the server has not agreed on h2"));
    });
    socket.once("error", reject);
    beneath.set(socket, under);
  });
}

/** The sockets of TCP beneath those of TLS. */
const beneath = new WeakMap<Socket, Socket>();

/** Resets the connection of a socket that {@link connectSocket} gave: RST instead of FIN. */
export function resetConnection(socket: Socket): void {
  (beneath.get(socket) ?? socket).resetAndDestroy();
  socket.destroy();
}

/** A server that hands on its sockets once HTTP/2 may be spoken on them. */
export async function createSocketServer(onSocket: (socket: Socket) => void): Promise<Server> {
  const pem = await runCertificates();
  return pem === undefined
    ? createTcpServer(onSocket)
    : createTlsServer({ ...pem.server, ALPNProtocols }, onSocket);
}
