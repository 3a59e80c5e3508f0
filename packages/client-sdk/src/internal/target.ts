/** The parts of an address. */
export interface Target {
  /** The address as the runtime takes it. */
  address: string;
  /** The security that its scheme asks for: "https" is secure, "http" is not, none says nothing. */
  scheme: "http" | "https" | undefined;
  /** True if what is sent to it stays on this machine. */
  isLocal: boolean;
}

/** Pure: reads an address. Throws a TypeError if it is not one. */
export function parseAddress(address: string): Target {
  const [, named] = /^(dns|ipv4|ipv6|unix|unix-abstract):/i.exec(address) ?? [];
  if (named !== undefined) return { address, scheme: undefined, isLocal: isLocalName(named, address) };
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") {
    return { address, scheme: undefined, isLocal: false };
  }
  const authority = address.slice(scheme === undefined ? 0 : scheme.length + "://".length).replace(/\/$/, "");
  const match = /^(?:\[([0-9a-f:.]+(?:%[\w.~%-]+)?)\]|([^\s/?#@:[\]]+))(?::(\d{1,5}))?$/i.exec(authority);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || Number(match?.[3] ?? 1) > 65_535) {
    throw new TypeError(
      `address is ${JSON.stringify(address)}: it must be "host:port", "http://host:port", "https://host:port" or a ` +
        `gRPC name such as "dns:///host:port" or "unix:///path"`,
    );
  }
  return {
    address: scheme === undefined ? authority : `${scheme}://${authority}`,
    scheme,
    isLocal: isLocalHost(host),
  };
}

export function isLocalHost(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
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
