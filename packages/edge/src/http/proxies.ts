import { BlockList, isIP } from "node:net";
import { pairOf, partsOf } from "./header-list.js";
import type { Exchange } from "./exchange.js";

/** The proxies whose word is taken for where a request came from. */
export interface ProxyOptions {
  /** Their addresses, or networks as `10.0.0.0/8` and `fd00::/8`. */
  readonly from: readonly string[];
  /**
   * The header field that they write: `x-forwarded-for`, or `forwarded` (RFC 7239). A proxy passes the other one on as the client
   * sent it, and so one alone is read. Default: `x-forwarded-for`.
   */
  readonly header?: "forwarded" | "x-forwarded-for";
}

/** Finds the client behind proxies. */
export class Proxies {
  readonly #list = new BlockList();
  readonly #header: "forwarded" | "x-forwarded-for";

  /** @throws {TypeError} for what is no address and no network. */
  constructor({ from, header = "x-forwarded-for" }: ProxyOptions) {
    this.#header = header;
    for (const text of from) this.#add(text);
  }

  #add(text: string): void {
    const [, address = "", prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const version = isIP(address);
    const bits = version === 6 ? 128 : 32;
    if (version === 0 || Number(prefix ?? bits) > bits)
      throw new TypeError(
        `createEdge: proxies: ${JSON.stringify(text)} is no address and no network, as 10.0.0.0/8 is`,
      );
    this.#list.addSubnet(address, Number(prefix ?? bits), version === 6 ? "ipv6" : "ipv4");
  }

  /**
   * The client's address: of those in the field, from the nearest on, the first that is no proxy of ours. What stands before it
   * anybody may have written.
   */
  clientOf(exchange: Exchange): string {
    let client = exchange.peer;
    if (!this.#has(client)) return client;
    const value = exchange.header(this.#header);
    if (value === undefined) return client;
    const hops = partsOf(value).toReversed();
    for (const hop of hops) {
      const address = addressOf(this.#header === "forwarded" ? forOf(hop) : hop);
      // One that is hidden (RFC 7239, section 6.3) or malformed: who was before it is not known.
      if (address === undefined) return client;
      client = address;
      if (!this.#has(client)) return client;
    }
    return client;
  }

  #has(peer: string): boolean {
    const node = parseNode(peer);
    return node !== undefined && this.#list.check(node.address, node.version === 6 ? "ipv6" : "ipv4");
  }
}

/** The node that an element of `forwarded` was sent by. */
function forOf(element: string): string {
  const pairs = partsOf(element, ";").map(pairOf);
  return pairs.find(([name]) => name === "for")?.[1] ?? "";
}

/** An address as peers have it, with its port if there is one: `192.0.2.1:5`, `[2001:db8::1]`. */
function addressOf(text: string): string | undefined {
  const node = parseNode(text);
  if (node === undefined) return undefined;
  const { address, version, port } = node;
  return version === 6 ? `[${address}]${port}` : address + port;
}

/** An address with or without a port: `192.0.2.1`, `192.0.2.1:5`, `2001:db8::1`, `[2001:db8::1]:5`. */
function parseNode(text: string): { address: string; version: number; port: string } | undefined {
  if (text.includes("%")) return undefined;
  const [, inside, outside = text, port = ""] = /^(?:\[([^\]]+)\]|([\d.]+))(:\d{1,5})?$/.exec(text) ?? [];
  const address = inside ?? outside;
  const version = isIP(address);
  return version === 0 || (inside !== undefined && version === 4) ? undefined : { address, version, port };
}
