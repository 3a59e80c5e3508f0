import { BlockList, isIP } from "node:net";

/**
 * Pure: whether a list like that of `no_proxy` names a host. An entry is `*`, a domain (which stands for its subdomains too,
 * also with `.` or `*.` before it), an IP address, or a block of them, as `10.0.0.0/8` or `fd00::/8`; it may end with the
 * port that it is meant for. Entries are separated by commas. Host names are not resolved for it.
 *
 * grpc-js takes the end of a name for its domain: there `ample.com` covers `example.com`, and nothing at all covers everything.
 */
export function isExempt(host: string, port: number, list: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  return list.split(",").some((entry) => matches(name, port, entry.trim().toLowerCase()));
}

function matches(host: string, port: number, entry: string): boolean {
  const { text, onlyPort } = split(entry);
  if (text === "" || (onlyPort !== undefined && onlyPort !== port)) return false;
  if (text === "*") return true;
  const family = isIP(host);
  if (family === 0) {
    const domain = text.replace(/^\*?\./, "");
    return domain !== "" && (host === domain || host.endsWith(`.${domain}`));
  }
  const [, network = text, prefix = family === 4 ? "32" : "128"] = /^(.+)\/(\d{1,3})$/.exec(text) ?? [];
  if (isIP(network) !== family || Number(prefix) > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? "ipv4" : "ipv6";
  const block = new BlockList();
  block.addSubnet(network, Number(prefix), type);
  return block.check(host, type);
}

/** An entry without its port and its brackets. */
function split(entry: string): { text: string; onlyPort: number | undefined } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  const text = bracketed ?? plain ?? entry;
  return { text, onlyPort: port === undefined ? undefined : Number(port) };
}
