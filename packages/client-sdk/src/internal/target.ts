import { isIPv6 } from "node:net";
import { isLocalHost } from "./local-host.js";

/** The parts of an address. */
export interface Target {
  /** The address as the runtime takes it. */
  address: string;
  /** The security that its scheme asks for: "https" is secure, "http" is not, none says nothing. */
  scheme: "http" | "https" | undefined;
  /** True if what is sent to it stays on this machine. */
  isLocal: boolean;
  /** True if it names a host without a port. */
  lacksPort: boolean;
}

/** Schemes that gRPC has no names of, and that people write before a host, with the form that they mean. */
const MISTAKEN_SCHEMES: ReadonlyMap<string, "http" | "https"> = new Map([
  ...["grpc", "h2c", "http2", "tcp", "ws"].map((scheme) => [scheme, "http"] as const),
  ...["grpcs", "h2", "ssl", "tls", "wss"].map((scheme) => [scheme, "https"] as const),
]);

/**
 * Pure: reads an address. Throws a TypeError if it is not one.
 *
 * @param hasResolver True if a resolver of the user's own finds the server: it knows its schemes itself.
 * @param hasRuntime True if the runtime is another one, which may know names of its own, such as `xds:`.
 */
export function parseAddress(address: string, { hasResolver = false, hasRuntime = false } = {}): Target {
  const [, named] = /^(dns|ipv4|ipv6|unix|unix-abstract):/i.exec(address) ?? [];
  if (named !== undefined) return ofGrpc(named, address);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") {
    const meant = MISTAKEN_SCHEMES.get(scheme);
    if (hasResolver || (hasRuntime && meant === undefined))
      return { address, scheme: undefined, isLocal: false, lacksPort: false };
    throw noAddress(
      address,
      meant === undefined
        ? `; a scheme such as "${scheme}" needs a resolver, by channelOptions: { resolver }`
        : `; did you mean "${meant}${address.slice(scheme.length)}"?`,
    );
  }
  const authority = address.slice(scheme === undefined ? 0 : scheme.length + "://".length).replace(/\/$/, "");
  const match =
    /^(?:\[([0-9a-f:.]+(?:%[\w.~%-]+)?)\]|([^\s/?#@:[\]"$&'()*+,;<=>\\^`{|}]+))(?::(\d{1,5}))?$/i.exec(
      authority,
    );
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3];
  if (host === undefined || Number(port ?? 1) > 65_535) {
    throw noAddress(address, adviceFor(address));
  }
  // Systems take a number alone for an IPv4 address.
  if (/^\d+$/.test(host))
    throw noAddress(address, port === undefined ? `; did you mean "localhost:${host}"?` : "");
  return {
    address: scheme === undefined ? authority : `${scheme}://${authority}`,
    scheme,
    isLocal: isLocalHost(host),
    lacksPort: port === undefined,
  };
}

/** Pure: what to do about a text that is nearly an address; "" if nothing is known. */
function adviceFor(address: string): string {
  if (address.includes(",")) return "; several addresses go into 'addresses', as an array";
  const trimmed = address.trim();
  if (trimmed !== address && trimmed !== "") return `; did you mean ${JSON.stringify(trimmed)}?`;
  if (address.includes("@")) return "; it has no user: tokens go into 'token'";
  const [, scheme = "", rest = ""] = /^(https?:\/\/)?(.*)$/i.exec(address) ?? [];
  const port = /:\d{1,5}$/.exec(rest)?.[0] ?? "";
  const host = rest.slice(0, rest.length - port.length);
  if (isIPv6(host)) return `; did you mean "${scheme}[${host}]${port === "" ? ":50051" : port}"?`;
  const [path = ""] = /[/?#].*$/.exec(rest) ?? [];
  return path === "" || rest === path
    ? ""
    : `; it has no path: did you mean "${scheme}${rest.slice(0, -path.length)}"?`;
}

function ofGrpc(scheme: string, address: string): Target {
  return {
    address,
    scheme: undefined,
    isLocal: isLocalName(scheme, address),
    lacksPort: !/^unix/i.test(scheme) && !/:\d+$/.test(address),
  };
}

function noAddress(address: string, advice: string): TypeError {
  // A password must not reach the log.
  const shown = JSON.stringify(address.replace(/\/\/[^/@]*@/, "//…@"));
  return new TypeError(
    `address is ${shown}: it must be "host:port", "http://host:port", "https://host:port" or a ` +
      `gRPC name such as "dns:///host:port" or "unix:///path"${advice}`,
  );
}

/** True if all that a name of gRPC's own stands for is on this machine. */
function isLocalName(scheme: string, address: string): boolean {
  const rest = address.slice(scheme.length + 1);
  switch (scheme.toLowerCase()) {
    case "unix":
    case "unix-abstract":
      return true;
    case "dns":
      // A name server of its own may say anything.
      return !/^\/\/[^/]/.test(rest) && isLocalHost(withoutPort(rest.replace(/^\/\/\//, "")));
    default:
      return rest.split(",").every((each) => isLocalHost(withoutPort(each)));
  }
}

function withoutPort(text: string): string {
  return text.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
}
