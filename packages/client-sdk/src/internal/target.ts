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
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") {
    return { address, scheme: undefined, isLocal: scheme === "unix" };
  }
  const authority = address.slice(scheme === undefined ? 0 : scheme.length + "://".length).replace(/\/$/, "");
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s/?#@:[\]]+))(?::(\d{1,5}))?$/i.exec(authority);
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
    isLocal: /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host),
  };
}
