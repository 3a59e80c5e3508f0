import { checkValue, rules } from "@callwire/transport/server";

/**
 * Checks an address to listen on: a runtime may take a port of its own for one that is missing.
 *
 * @throws {TypeError} that says what is missing.
 */
export function checkAddress(address: string): void {
  checkValue("listen", "the address", address, rules.required(rules.text));
  if (/^unix(-abstract)?:./.test(address)) return;
  const { host, port } = /^(?<host>\[[^\]]*\]|[^:]*)(?::(?<port>\d*))?$/.exec(address)?.groups ?? {};
  const wrong = (why: string) =>
    new TypeError(`cannot listen on '${address}': ${why}; give 'host:port', '[ipv6]:port' or 'unix:path'`);
  if (/^unix(-abstract)?:$/.test(address)) throw wrong("the path is missing");
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(address)) throw wrong("an address to listen on has no scheme");
  if (host === undefined) {
    throw wrong(
      (address.match(/:/g) ?? []).length > 1 ? "an IPv6 address stands in brackets" : "it is no address",
    );
  }
  if (/^\d+$/.test(host) && port === undefined) throw wrong(`the host is missing, as in '127.0.0.1:${host}'`);
  if (port === undefined || port === "")
    throw wrong(`the port is missing, as in '${host || "127.0.0.1"}:50051'`);
  if (host === "")
    throw wrong(`the host is missing, as in '0.0.0.0:${port}' for every network of this machine`);
  if (Number(port) > 65_535) throw wrong("a port is 65535 at most");
}
