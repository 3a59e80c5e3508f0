import { expect, test } from "@jest/globals";
import { parseAddress } from "./target.js";

test.each([
  ["localhost:50051", { address: "localhost:50051", scheme: undefined, isLocal: true, lacksPort: false }],
  ["127.8.0.1:1", { address: "127.8.0.1:1", scheme: undefined, isLocal: true, lacksPort: false }],
  ["[::1]:50051", { address: "[::1]:50051", scheme: undefined, isLocal: true, lacksPort: false }],
  [
    "http://users.internal:80/",
    { address: "http://users.internal:80", scheme: "http", isLocal: false, lacksPort: false },
  ],
  [
    "HTTPS://users.example.com",
    { address: "https://users.example.com", scheme: "https", isLocal: false, lacksPort: true },
  ],
  [
    "dns:///users:50051",
    { address: "dns:///users:50051", scheme: undefined, isLocal: false, lacksPort: false },
  ],
  ["users", { address: "users", scheme: undefined, isLocal: false, lacksPort: true }],
  ["dns:///users", { address: "dns:///users", scheme: undefined, isLocal: false, lacksPort: true }],
  ["dns:users:50051", { address: "dns:users:50051", scheme: undefined, isLocal: false, lacksPort: false }],
  [
    "dns:///localhost:1",
    { address: "dns:///localhost:1", scheme: undefined, isLocal: true, lacksPort: false },
  ],
  [
    "dns://8.8.8.8/localhost:1",
    { address: "dns://8.8.8.8/localhost:1", scheme: undefined, isLocal: false, lacksPort: false },
  ],
  [
    "ipv4:127.0.0.1:1,127.0.0.2:1",
    { address: "ipv4:127.0.0.1:1,127.0.0.2:1", scheme: undefined, isLocal: true, lacksPort: false },
  ],
  [
    "ipv4:127.0.0.1:1,10.0.0.1:1",
    { address: "ipv4:127.0.0.1:1,10.0.0.1:1", scheme: undefined, isLocal: false, lacksPort: false },
  ],
  ["ipv6:[::1]:1", { address: "ipv6:[::1]:1", scheme: undefined, isLocal: true, lacksPort: false }],
  ["[fe80::1%eth0]:1", { address: "[fe80::1%eth0]:1", scheme: undefined, isLocal: false, lacksPort: false }],
  ["unix:run/s", { address: "unix:run/s", scheme: undefined, isLocal: true, lacksPort: false }],
  ["unix-abstract:s", { address: "unix-abstract:s", scheme: undefined, isLocal: true, lacksPort: false }],
  [
    "unix:///run/users.sock",
    { address: "unix:///run/users.sock", scheme: undefined, isLocal: true, lacksPort: false },
  ],
])("reads %s", (address, target) => {
  expect(parseAddress(address)).toEqual(target);
});

test.each(["127.evil.example:1", "localhost.evil.example:1", "127.0.0.1.evil.example:1"])(
  "does not take %s for this machine",
  (address) => {
    expect(parseAddress(address).isLocal).toBe(false);
  },
);

test.each([
  "",
  ":50051",
  "host:port",
  "host:70000",
  "http://",
  "http://host/path",
  "user@host:1",
  "::1",
  "a b:1",
  "<host>:50051",
  "${HOST}:50051",
  "*:50051",
  "localhost;50051",
  "50051:50051",
])("refuses %j", (address) => {
  expect(() => parseAddress(address)).toThrow(/address is .* must be/);
});

test.each([
  ["grpc://users:50051", 'did you mean "http://users:50051"?'],
  ["GRPCS://users:50051", 'did you mean "https://users:50051"?'],
  ["ws://users:50051", 'did you mean "http://users:50051"?'],
  ["consul:///users", 'a scheme such as "consul" needs a resolver'],
  ["50051", 'did you mean "localhost:50051"?'],
  ["a:1,b:1", "several addresses go into 'addresses'"],
])("refuses %s, with what to write instead", (address, advice) => {
  expect(() => parseAddress(address)).toThrow(advice);
});

test("takes a scheme that the channel may know", () => {
  const target = (address: string) => ({ address, scheme: undefined, isLocal: false, lacksPort: false });
  expect(parseAddress("xds:///users", { hasRuntime: true })).toEqual(target("xds:///users"));
  expect(() => parseAddress("grpc://users:1", { hasRuntime: true })).toThrow("did you mean");
  expect(parseAddress("grpc://users:1", { hasResolver: true })).toEqual(target("grpc://users:1"));
});

test.each([
  ["::1:50051", 'did you mean "[::1]:50051"?'],
  ["http://fe80::1:50051", 'did you mean "http://[fe80::1]:50051"?'],
  ["2001:db8::a", 'did you mean "[2001:db8::a]:50051"?'],
  [" a:1", 'did you mean "a:1"?'],
  ["a:1\n", 'did you mean "a:1"?'],
  ["http://a:1/rpc", 'it has no path: did you mean "http://a:1"?'],
  ["a:1?x=2", 'it has no path: did you mean "a:1"?'],
  ["a:1,b:2", "several addresses go into 'addresses', as an array"],
  ["https://me:secret@a:1", "it has no user: tokens go into 'token'"],
])("of %j the error says what was meant", (address, advice) => {
  expect(() => parseAddress(address)).toThrow(advice);
});

test("a password in an address is not shown", () => {
  expect(() => parseAddress("https://me:secret@a:1")).toThrow('address is "https://…@a:1": it must be');
});
