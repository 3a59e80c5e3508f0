import { connect as connectTcp, isIP, type Socket } from "node:net";
import type { ConnectionOptions, PeerCertificate, TLSSocket } from "node:tls";
import { refusePromise } from "../protobuf/refuse-promise.js";
import { textOf } from "./call-errors.js";
import type { ChannelCredentials, TlsSettings } from "./channel-credentials.js";
import { formatHost, type SocketAddress } from "./target.js";
import { connectErrorText, withoutHttp2 } from "./tls-mistakes.js";
import { openTunnel } from "./tunnel.js";
import { setImmediate } from "../turn.js";

/** node:tls, which the first connection with TLS loads: an import of the package is quicker without it. */
const tlsModule = () => process.getBuiltinModule("node:tls");

/** The options of {@link openSocket}. */
export interface SocketOptions {
  credentials: ChannelCredentials;
  /** The name that the certificate is checked for. */
  hostname: string;
}

/** An error's text, or the socket. */
export type OpenResult = [error: string, socket: undefined] | [error: undefined, socket: Socket];

/** The place that TLS connects to: an address, or a socket that is connected. */
type TlsPlace = Pick<ConnectionOptions, "host" | "port" | "path" | "socket">;

/**
 * Opens a socket on which HTTP/2 can begin: connected, through the address's proxy if it has one, and through TLS if the
 * credentials ask for it. `done` is called once, later, unless it was given up. Returns what gives it up.
 */
export function openSocket(
  address: SocketAddress,
  options: SocketOptions,
  done: (...result: OpenResult) => void,
): () => void {
  const { tls } = options.credentials;
  const proxy = "proxy" in address ? address.proxy : undefined;
  let socket: Socket | undefined;
  let stopTunnel = (): void => {};
  let onClosed = "the connection was closed";
  let over = false;
  const finish = (error?: string) => {
    if (over) return;
    over = true;
    socket?.off("error", onError);
    socket?.off("close", onClose);
    if (error === undefined && socket !== undefined) {
      done(undefined, socket);
      return;
    }
    discard();
    done(error ?? onClosed, undefined);
  };
  const discard = () => {
    over = true;
    stopTunnel();
    // Nobody is concerned by its later events.
    socket?.on("error", () => {});
    socket?.destroy();
  };
  const onError = (error: Error) => finish(connectErrorText(error, tls !== undefined));
  const onClose = () => finish(onClosed);
  const watch = (opened: Socket): Socket => {
    socket = opened;
    socket.on("error", onError);
    socket.on("close", onClose);
    // Calls keep the process alive: an attempt to connect does not.
    socket.unref();
    return socket;
  };
  /** Starts TLS, on a socket of its own or over the tunnel. The application's functions that it calls may throw. */
  const secure = (settings: TlsSettings, place: TlsPlace) => {
    try {
      watch(tlsModule().connect({ ...tlsOptions(settings, options.hostname), ...place })).once(
        "secureConnect",
        onSecure,
      );
    } catch (error) {
      const why = `no secure context: ${textOf(error)}`;
      setImmediate(() => finish(why));
    }
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
      socket!.resume();
      return;
    }
    socket!.off("close", onClose);
    secure(tls, { socket: socket! });
  };

  if ("connectInProcess" in address) {
    watch(address.connectInProcess());
    // It is connected from the start; one that is refused has told so by then.
    setImmediate(finish);
  } else if (proxy !== undefined) {
    const { host, port } = proxy;
    const authority = formatHost(address as { host: string; port: number });
    onClosed = "the proxy closed the connection without an answer";
    const raw = watch(connectTcp({ host, port }));
    raw.once("connect", () => {
      stopTunnel = openTunnel(raw, proxy, authority, onTunnel);
    });
  } else if (tls === undefined) {
    watch(connectTcp(address)).once("connect", () => finish());
  } else secure(tls, address);
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
    // RFC 6066, section 3: not for addresses, and without the dot that ends a name of DNS. Go's servers refuse one.
    ...(isIP(hostname) === 0 && { servername: hostname.replace(/\.$/, "") }),
    rejectUnauthorized: verify.rejectUnauthorized ?? true,
    checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
      tlsModule().checkServerIdentity(hostname, certificate) ?? refusalOf(verify, hostname, certificate),
  };
}

/** The application's refusal of a certificate: inside TLS, an error of its check would end the process. */
function refusalOf(
  { checkServerIdentity: check }: TlsSettings["verify"],
  hostname: string,
  certificate: PeerCertificate,
): Error | undefined {
  try {
    const refusal: unknown = check?.(hostname, certificate);
    refusePromise("checkServerIdentity", refusal);
    if (refusal === undefined || refusal instanceof Error) return refusal;
    return new TypeError(`checkServerIdentity returned neither an Error nor undefined: ${textOf(refusal)}`);
  } catch (error) {
    return error instanceof Error ? error : new Error(`checkServerIdentity has thrown: ${textOf(error)}`);
  }
}
