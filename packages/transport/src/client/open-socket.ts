import { connect as connectTcp, isIP, Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, type PeerCertificate, type TLSSocket } from "node:tls";
import { refusePromise } from "../protobuf/refuse-promise.js";
import { textOf } from "./call-errors.js";
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
  let secure: ReturnType<typeof tlsOptions> | undefined;
  try {
    secure = tls && tlsOptions(tls, options.hostname);
  } catch (error) {
    // The application's function for the secure context.
    const timer = setImmediate(() => done(`no secure context: ${textOf(error)}`, new Socket()));
    return () => clearImmediate(timer);
  }
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
    if (secure === undefined) {
      finish();
      // The connection listens by now.
      socket.resume();
      return;
    }
    socket.off("close", onClose);
    watch(connectTls({ ...secure, socket }).once("secureConnect", onSecure));
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
  } else if (secure === undefined) {
    watch(connectTcp(address));
    socket!.once("connect", () => finish());
  } else {
    watch(connectTls({ ...secure, ...address }).once("secureConnect", onSecure));
  }
  return () => {
    if (!over) discard();
  };
}

/** @throws {unknown} As the application's function for the secure context does. */
function tlsOptions({ context, verify }: TlsSettings, hostname: string) {
  const secureContext: unknown = context();
  refusePromise("the function for the secure context", secureContext);
  // Without one, node:tls makes one that trusts the well-known authorities.
  if (typeof secureContext !== "object" || secureContext === null || !("context" in secureContext))
    throw new TypeError("the function returned none of tls.createSecureContext");
  return {
    secureContext,
    ALPNProtocols: ["h2"],
    // RFC 6066, section 3: not for addresses.
    ...(isIP(hostname) === 0 && { servername: hostname }),
    rejectUnauthorized: verify.rejectUnauthorized ?? true,
    checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
      checkServerIdentity(hostname, certificate) ?? refusalOf(verify, hostname, certificate),
  };
}

/** The application's refusal of a certificate: what it throws refuses, too. */
function refusalOf(
  { checkServerIdentity: check }: TlsSettings["verify"],
  hostname: string,
  certificate: PeerCertificate,
): Error | undefined {
  try {
    const refusal: unknown = check?.(hostname, certificate);
    refusePromise("checkServerIdentity", refusal);
    if (refusal === undefined || refusal instanceof Error) return refusal;
    return new TypeError("checkServerIdentity returned neither an Error nor undefined");
  } catch (error) {
    return error instanceof Error ? error : new Error(`checkServerIdentity has thrown: ${textOf(error)}`);
  }
}
