import { isIP, type Socket } from "node:net";
import { formatUnixPath, parseUnixAddress } from "../http2/unix-path.js";
import type { Proxy, ProxyChoice } from "./proxy.js";

/** The part of a server that a channel within the process needs. */
export interface InProcessServer {
  /** The client's end of a new connection; one that is refused comes destroyed, with an error. */
  connectInProcess(): Socket;
}

/** Where a connection goes: a port of a host, perhaps through a proxy, a unix socket, or a server of this process. */
export type SocketAddress =
  | { host: string; port: number; proxy?: Proxy }
  | { path: string }
  | InProcessServer;

/** A channel's address, read. */
export interface Target {
  /** The address in gRPC's syntax. */
  readonly name: string;
  /** The value of `:authority`. */
  readonly authority: string;
  /** The name that a certificate is checked for. */
  readonly hostname: string;
  /** The addresses, if they stand in the name. */
  readonly addresses: readonly SocketAddress[] | undefined;
  /** The port, if they are still to be found out. */
  readonly port: number;
}

/** The port if none is given, as in nice-grpc. */
const DEFAULT_PORTS = { http: 80, https: 443 };
/** The port of gRPC's own names if none is given (gRPC, "Name Resolution"). */
const DNS_PORT = 443;

/**
 * Pure: reads an address: `host:port`, `http://host:port` and `https://host:port` as nice-grpc, and gRPC's names
 * `dns:host:port`, `dns:///host:port`, `ipv4:address:port,…`, `ipv6:[address]:port,…`, `unix:path`, `unix:///path` and
 * `unix-abstract:name`. An IPv6 address may have a zone.
 *
 * Names of other schemes are taken, as by grpc-js, and not found.
 *
 * @throws {Error} if it is none of them.
 */
export function parseTarget(address: string, secure: boolean): Target {
  const [, scheme = "", rest = ""] = /^([a-z][a-z0-9+.-]*):(.*)$/i.exec(address) ?? [];
  switch (scheme.toLowerCase()) {
    case "unix":
    case "unix-abstract": {
      const path = parseUnixAddress(address)!;
      return { name: address, authority: "localhost", hostname: "localhost", addresses: [{ path }], port: 0 };
    }
    case "dns":
      return byName(address, rest.replace(/^\/\/[^/]*\//, ""), DNS_PORT, address);
    case "ipv4":
    case "ipv6": {
      const addresses = rest.split(",").map((each) => hostAndPort(address, each, DNS_PORT));
      const hostname = addresses[0]!.host;
      if (addresses.some(({ host }) => isIP(host) === 0)) throw invalid(address);
      const authority = withoutZone(rest.split(",")[0]!);
      return { name: address, authority, hostname: withoutZone(hostname), addresses, port: 0 };
    }
    case "http":
    case "https":
      // Not `http:80`, where it is a host's name.
      if (rest.startsWith("//")) {
        return byName(
          address,
          rest.slice(2).replace(/\/$/, ""),
          secure || scheme.toLowerCase() === "https" ? DEFAULT_PORTS.https : DEFAULT_PORTS.http,
        );
      }
  }
  // As grpc-js: a name of a scheme that nobody here knows is one that will not be found.
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) return unknown(address);
  return byName(address, address, secure ? DEFAULT_PORTS.https : DEFAULT_PORTS.http);
}

/**
 * Pure: reads an address that a resolver of the user's own understands, such as `consul:///users`. As `:authority` it has what
 * stands behind the scheme (gRPC, "Name Resolution").
 *
 * @throws {Error} if it is empty, or no text.
 */
export function parseResolvedTarget(address: string): Target {
  const [, server, path] = /^[a-z][a-z0-9+.-]*:\/\/([^/]*)\/?(.*)$/i.exec(address) ?? [];
  const named = server === undefined ? address.replace(/^[a-z][a-z0-9+.-]*:(?!\d+$)/i, "") : path || server;
  // The brackets of an IPv6 address stay.
  // Half of a surrogate pair has no UTF-8.
  if (/\p{Surrogate}/u.test(named)) throw invalid(address);
  const authority = encodeURI(named).replace(/%5B/g, "[").replace(/%5D/g, "]");
  if (authority === "") throw invalid(address);
  const hostname = authority.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  return { name: address, authority, hostname, addresses: undefined, port: 0 };
}

/**
 * Pure: reads an address that a connection can be made to: `host:port`, `[ipv6]:port` or `unix:path`.
 *
 * @throws {Error} if it is none.
 */
export function parseSocketAddress(text: string): SocketAddress {
  const path = parseUnixAddress(text);
  if (path !== undefined) return { path };
  const address = hostAndPort(text, text, NaN);
  if (Number.isNaN(address.port)) throw new Error(`Invalid address: '${text}': it has no port`);
  return address;
}

/**
 * A target as it is reached through the proxies chosen for its hosts: a name is left for its proxy to resolve. Unix sockets and
 * servers of this process are reached without one.
 */
export function throughProxy(target: Target, choose: ProxyChoice): Target {
  const { addresses, hostname, port } = target;
  // A name that will not be found has no port.
  if (addresses === undefined && port === 0) return target;
  const proxied = (addresses ?? [{ host: hostname, port }]).map((address) => {
    const proxy = "host" in address ? choose(address.host, address.port) : undefined;
    return proxy === undefined ? address : { ...address, proxy };
  });
  const isResolvedHere = addresses === undefined && !proxied.some((address) => "proxy" in address);
  return isResolvedHere ? target : { ...target, addresses: proxied };
}

/** The written form of an address. */
export function formatAddress(address: SocketAddress): string {
  if ("connectInProcess" in address) return "in-process";
  if ("path" in address) return formatUnixPath(address.path);
  const { proxy } = address;
  return proxy === undefined
    ? formatHost(address)
    : `${formatHost(address)} through the proxy ${formatHost(proxy)}`;
}

/** A host and its port, as `:authority` has them (RFC 3986, section 3.2). */
export function formatHost({ host, port }: { host: string; port: number }): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function byName(address: string, authority: string, defaultPort: number, name?: string): Target {
  const { host, port } = hostAndPort(address, authority, defaultPort);
  const full = formatHost({ host, port });
  const addresses = isIP(host) === 0 ? undefined : [{ host, port }];
  const hostname = withoutZone(host);
  return { name: name ?? `dns:${full}`, authority: withoutZone(full), hostname, addresses, port };
}

function unknown(address: string): Target {
  return { name: `dns:${address}`, authority: address, hostname: address, addresses: undefined, port: 0 };
}

function hostAndPort(address: string, text: string, defaultPort: number): { host: string; port: number } {
  // An IPv6 address stands in brackets, and nothing else does, unless it stands alone (RFC 3986, section 3.2.2).
  const match =
    isIP(text) === 6 ? [text, text] : /^(?:\[([^\]]+)\]|([^\s/?#@:[\]%]+))(?::(\d{1,5}))?$/.exec(text);
  // RFC 6874: in brackets, `%` before a zone may be written as `%25`.
  const inBrackets = match?.[1]?.replace("%25", "%");
  if (inBrackets !== undefined && isIP(inBrackets) !== 6) throw invalid(address);
  const host = inBrackets ?? match?.[2];
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (host === undefined || port > 65_535) throw invalid(address);
  return { host, port };
}

/** RFC 6874, section 4: a zone means something on this machine alone. */
function withoutZone(text: string): string {
  return text.replace(/%[^\]]*/, "");
}

function invalid(address: string): Error {
  return new Error(`Invalid address: '${address}'`);
}
