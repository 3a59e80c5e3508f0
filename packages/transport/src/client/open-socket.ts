import { connect as connectTcp, isIP, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, type TLSSocket } from "node:tls";
import type { ChannelCredentials, TlsSettings } from "./channel-credentials.js";
import { formatHost, type SocketAddress } from "./target.js";
import { connectErrorText, withoutHttp2 } from "./tls-mistakes.js";
import { openTunnel } from "./tunnel.js";

/** The options of {@link openSocket}. */
export interface SocketOptions {
  credentials: ChannelCredentials;
  /** The name that the certificate is checked for. */
  hostname: string;
}

/**
 * Opens a socket on which HTTP/2 can begin: connected, through the address's proxy if it has one, and through TLS if the
 * credentials ask for it. `done` is called once, later, unless it was given up. Returns what gives it up.
 */
export function openSocket(
  address: SocketAddress,
  options: SocketOptions,
  done: (error: string | undefined, socket: Socket) => void,
): () => void {
  const { tls } = options.credentials;
  const proxy = "proxy" in address ? address.proxy : undefined;
  let socket: Socket;
  let stopTunnel = (): void => {};
  let onClosed = "the connection was closed";
  let over = false;
  const finish = (error?: string) => {
    if (over) return;
    over = true;
    socket.off("error", onError);
    socket.off("close", onClose);
    if (error !== undefined) discard();
    done(error, socket);
  };
  const discard = () => {
    over = true;
    stopTunnel();
    // Nobody is concerned by its later events.
    socket.on("error", () => {});
    socket.destroy();
  };
  const onError = (error: Error) => finish(connectErrorText(error, tls !== undefined));
  const onClose = () => finish(onClosed);
  const watch = (opened: Socket) => {
    socket = opened;
    socket.on("error", onError);
    socket.on("close", onClose);
  };
  const onSecure = () => {
    if ((socket as TLSSocket).alpnProtocol === "h2") finish();
    else withoutHttp2(socket as TLSSocket, finish);
  };
  const onTunnel = (error: string | undefined) => {
    if (over) return;
    if (error !== undefined) {
      finish(error);
      return;
    }
    onClosed = "the connection was closed";
    if (tls === undefined) {
      finish();
      // The connection listens by now.
      socket.resume();
      return;
    }
    socket.off("close", onClose);
    watch(connectTls({ ...tlsOptions(tls, options.hostname), socket }).once("secureConnect", onSecure));
  };

  if ("connectInProcess" in address) {
    watch(address.connectInProcess());
    // It is connected from the start; one that is refused has told so by then.
    setImmediate(finish);
  } else if (proxy !== undefined) {
    const { host, port } = proxy;
    const authority = formatHost(address as { host: string; port: number });
    onClosed = "the proxy closed the connection without an answer";
    watch(connectTcp({ host, port }));
    socket!.once("connect", () => {
      stopTunnel = openTunnel(socket, proxy, authority, onTunnel);
    });
  } else if (tls === undefined) {
    watch(connectTcp(address));
    socket!.once("connect", () => finish());
  } else {
    watch(connectTls({ ...tlsOptions(tls, options.hostname), ...address }).once("secureConnect", onSecure));
  }
  return () => {
    if (!over) discard();
  };
}

function tlsOptions({ context, verify }: TlsSettings, hostname: string) {
  return {
    secureContext: context(),
    ALPNProtocols: ["h2"],
    // RFC 6066, section 3: not for addresses.
    ...(isIP(hostname) === 0 && { servername: hostname }),
    rejectUnauthorized: verify.rejectUnauthorized ?? true,
    checkServerIdentity: (_host: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      checkServerIdentity(hostname, certificate) ?? verify.checkServerIdentity?.(hostname, certificate),
  };
}
