import { looseText, mustHold, resultOf, type FuzzTarget } from "@callwire/testkit/fuzz/fuzz-target";
import { isExempt } from "../../client/no-proxy.js";
import { parseProxy } from "../../client/proxy.js";
import {
  formatAddress,
  parseResolvedTarget,
  parseSocketAddress,
  parseTarget,
  throughProxy,
  type SocketAddress,
  type Target,
} from "../../client/target.js";
import { parseListenAddress } from "../../server/listen.js";

/** Addresses as users write them, wherever one is read. */
export const addresses: FuzzTarget = {
  name: "addresses",
  about: "addresses of servers, proxies and listeners, and lists of hosts without a proxy",
  covers: ["/client/target.ts", "/client/no-proxy.ts", "/client/proxy.ts", "/server/listen.ts"],
  maxBytes: 300,
  isText: true,
  seeds: () => [
    "localhost:50051",
    "http://a.b:80/",
    "https://a",
    "dns:///a:1",
    "dns://8.8.8.8/a",
    "ipv4:1.2.3.4:5,6.7.8.9",
    "ipv6:[::1]:5",
    "unix:/tmp/s",
    "unix:///tmp/s",
    "unix-abstract:s",
    "[fe80::1%eth0]:1",
    "consul:///users",
    "a:99999",
    "::1",
    "http://u:p%40@h:1",
    ".example.com,10.0.0.0/8,fd00::/8:443,*",
  ],
  dictionary: [
    "://",
    "[",
    "]",
    "%",
    "ipv4:",
    "ipv6:",
    "unix:",
    "unix-abstract:",
    "dns:",
    "http://",
    ",",
    "/",
    "::",
    ":0",
    ":65536",
    "%2f",
    "\0",
  ],
  maxSteps: { base: 5000, perByte: 200 },
  open: () => ({ run: readAddresses }),
};

/** Errors that say that an address is none; a bug's have other classes, or say something else. */
function saysSo(error: unknown): boolean {
  return (
    error instanceof Error &&
    !(error instanceof URIError || error instanceof SyntaxError) &&
    /addr|URL|scheme|port|path|zone/i.test(error.message)
  );
}

function checkAddress(address: SocketAddress): void {
  if (!("host" in address)) return;
  const { host, port } = address;
  mustHold(
    host !== "" && Number.isInteger(port) && port >= 0 && port <= 65_535,
    `the address ${host} ${port}`,
  );
  const again = parseSocketAddress(formatAddress(address));
  mustHold(
    "host" in again && again.host === host && again.port === port,
    "an address reads otherwise than it is written",
  );
}

function checkTarget(target: Target): void {
  mustHold(target.authority !== "" && target.name !== "", "a target without a name");
  target.addresses?.forEach(checkAddress);
  throughProxy(target, () => undefined);
}

function readAddresses(input: Buffer): void {
  const text = looseText(input);
  for (const parse of [
    (at: string) => parseTarget(at, false),
    (at: string) => parseTarget(at, true),
    parseResolvedTarget,
  ]) {
    const target = resultOf(() => parse(text), saysSo)?.value;
    if (target !== undefined) checkTarget(target);
  }
  const address = resultOf(() => parseSocketAddress(text), saysSo)?.value;
  if (address !== undefined) checkAddress(address);
  resultOf(() => parseListenAddress(text), saysSo);
  const proxy = resultOf(
    () => parseProxy(text, "the variable", 1),
    (error) => error instanceof TypeError,
  )?.value;
  if (proxy !== undefined) mustHold(proxy.port <= 65_535, `the proxy's port ${proxy.port}`);
  const [host = "", list = ""] = text.split(" ", 2);
  isExempt(host, 443, list);
  isExempt("10.1.2.3", 443, text);
  isExempt("fd00::1", 443, text);
}
