import { isIPv6 } from "node:net";
import type { SocketAddress } from "./target.js";

/**
 * Pure: the addresses with those of the two IP families in turn, the first one's family first (RFC 8305, section 4, with a First
 * Address Family Count of 1), so that a family that does not work costs one attempt and not many. What is no IPv6 address
 * counts as one of IPv4.
 */
export function interleaveFamilies(addresses: readonly SocketAddress[]): SocketAddress[] {
  const isV6 = (address: SocketAddress) => "host" in address && isIPv6(address.host);
  const first = addresses[0];
  if (first === undefined) return [];
  const one = addresses.filter((address) => isV6(address) === isV6(first));
  const other = addresses.filter((address) => isV6(address) !== isV6(first));
  const result: SocketAddress[] = [];
  for (let i = 0; i < Math.max(one.length, other.length); i++) {
    result.push(...one.slice(i, i + 1), ...other.slice(i, i + 1));
  }
  return result;
}

/** Pure but for chance: the elements in an order in which each one is as likely as any other (Fisher and Yates). */
export function shuffled<T>(list: readonly T[], random: () => number = Math.random): T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
