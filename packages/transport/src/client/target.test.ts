import { describe, expect, test } from "@jest/globals";
import { parseResolvedTarget, parseSocketAddress, parseTarget } from "./target.js";

describe("parseTarget", () => {
  test.each([
    ["localhost:50051", "localhost:50051", "localhost"],
    ["http://localhost", "localhost:80", "localhost"],
    ["https://example.com", "example.com:443", "example.com"],
    ["https://example.com:8443/", "example.com:8443", "example.com"],
    ["example.com", "example.com:80", "example.com"],
    ["dns:example.com:1", "example.com:1", "example.com"],
    ["dns:///example.com:1", "example.com:1", "example.com"],
    ["dns://8.8.8.8/example.com", "example.com:443", "example.com"],
    ["[::1]:50051", "[::1]:50051", "::1"],
    ["::1", "[::1]:80", "::1"],
    ["[fe80::1%eth0]:5", "[fe80::1]:5", "fe80::1"],
    ["fe80::1%eth0", "[fe80::1]:80", "fe80::1"],
    ["ipv4:127.0.0.1:1,127.0.0.2:2", "127.0.0.1:1", "127.0.0.1"],
    ["ipv6:[::1]:1", "[::1]:1", "::1"],
    ["[fe80::1%eth0]:1", "[fe80::1]:1", "fe80::1"],
    ["ipv6:[fe80::1%25en.0]:1", "[fe80::1]:1", "fe80::1"],
    ["unix:relative/path", "localhost", "localhost"],
    ["unix-abstract:name", "localhost", "localhost"],
  ])("%s", (address, authority, hostname) => {
    const target = parseTarget(address, address.startsWith("https:"));
    expect([target.authority, target.hostname]).toEqual([authority, hostname]);
  });

  test("the port without one is 443 with TLS", () => {
    expect(parseTarget("example.com", true).authority).toBe("example.com:443");
  });

  test("also for https:// without it, as in nice-grpc", () => {
    expect(parseTarget("https://example.com", false).authority).toBe("example.com:443");
  });

  test("its name is one of gRPC's", () => {
    expect(parseTarget("http://example.com", false).name).toBe("dns:example.com:80");
    expect(parseTarget("dns:///example.com:1", false).name).toBe("dns:///example.com:1");
    expect(parseTarget("unix:run/s", false).name).toBe("unix:run/s");
  });

  test("a scheme that is not known is a name that is not found, as in grpc-js", () => {
    const target = parseTarget("consul://server:1", false);
    expect([target.name, target.hostname]).toEqual(["dns:consul://server:1", "consul://server:1"]);
  });

  test("the addresses that stand in it", () => {
    expect(parseTarget("ipv4:127.0.0.1:1,127.0.0.2:2", false).addresses).toEqual([
      { host: "127.0.0.1", port: 1 },
      { host: "127.0.0.2", port: 2 },
    ]);
    expect(parseTarget("unix:///run/s", false).addresses).toEqual([{ path: "/run/s" }]);
    expect(parseTarget("unix:run/s", false).addresses).toEqual([{ path: "run/s" }]);
    expect(parseTarget("unix-abstract:s", false).addresses).toEqual([{ path: "\0s" }]);
    expect(parseTarget("[fe80::1%eth0]:5", false).addresses).toEqual([{ host: "fe80::1%eth0", port: 5 }]);
    expect(parseTarget("ipv6:[fe80::1%25eth0]:5", false).addresses).toEqual([
      { host: "fe80::1%eth0", port: 5 },
    ]);
    expect(parseTarget("[::1]:5", false).addresses).toEqual([{ host: "::1", port: 5 }]);
  });

  test.each([
    "",
    "unix:",
    "host:port",
    "host:70000",
    "a b:1",
    "http://user@host",
    "ipv4:example.com:1",
    "http://h/p",
  ])("refuses %j", (address) => {
    expect(() => parseTarget(address, false)).toThrow("Invalid address");
  });
});

test.each([
  ["users", "users", "users"],
  ["users:50051", "users:50051", "users"],
  ["consul:///users", "users", "users"],
  ["consul://agent:8500/users", "users", "users"],
  ["consul:users", "users", "users"],
  ["https://users.internal", "users.internal", "users.internal"],
  ["k8s:///default/users:grpc", "default/users:grpc", "default/users:grpc"],
  ["x:///[::1]:5", "[::1]:5", "::1"],
  ["x:///ü ser", "%C3%BC%20ser", "%C3%BC%20ser"],
])("%s, for a resolver of the user's own", (address, authority, hostname) => {
  expect(parseResolvedTarget(address)).toMatchObject({
    name: address,
    authority,
    hostname,
    addresses: undefined,
  });
});

test("an empty one is refused, and one that is no text", () => {
  for (const address of ["", "x://", "x:///", "x:///\ud800"])
    expect(() => parseResolvedTarget(address)).toThrow("Invalid address");
});

test("what a connection can be made to", () => {
  expect(parseSocketAddress("10.0.0.1:5")).toEqual({ host: "10.0.0.1", port: 5 });
  expect(parseSocketAddress("[::1]:5")).toEqual({ host: "::1", port: 5 });
  expect(parseSocketAddress("[fe80::1%eth0]:5")).toEqual({ host: "fe80::1%eth0", port: 5 });
  expect(parseSocketAddress("pod-1.users:5")).toEqual({ host: "pod-1.users", port: 5 });
  expect(parseSocketAddress("unix:/run/s")).toEqual({ path: "/run/s" });
  expect(parseSocketAddress("unix:///run/s")).toEqual({ path: "/run/s" });
  for (const text of ["10.0.0.1", "::1", "[10.0.0.1]:1", "[a]:1", "unix:", "a b:1", "http://a:1", ""]) {
    expect(() => parseSocketAddress(text)).toThrow(`Invalid address: '${text}'`);
  }
});
