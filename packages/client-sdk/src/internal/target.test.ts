import { expect, test } from "@jest/globals";
import { parseAddress } from "./target.js";

test.each([
  ["localhost:50051", { address: "localhost:50051", scheme: undefined, isLocal: true }],
  ["127.8.0.1:1", { address: "127.8.0.1:1", scheme: undefined, isLocal: true }],
  ["[::1]:50051", { address: "[::1]:50051", scheme: undefined, isLocal: true }],
  ["http://users.internal:80/", { address: "http://users.internal:80", scheme: "http", isLocal: false }],
  ["HTTPS://users.example.com", { address: "https://users.example.com", scheme: "https", isLocal: false }],
  ["dns:///users:50051", { address: "dns:///users:50051", scheme: undefined, isLocal: false }],
  ["dns:users:50051", { address: "dns:users:50051", scheme: undefined, isLocal: false }],
  ["dns:///localhost:1", { address: "dns:///localhost:1", scheme: undefined, isLocal: true }],
  ["dns://8.8.8.8/localhost:1", { address: "dns://8.8.8.8/localhost:1", scheme: undefined, isLocal: false }],
  [
    "ipv4:127.0.0.1:1,127.0.0.2:1",
    { address: "ipv4:127.0.0.1:1,127.0.0.2:1", scheme: undefined, isLocal: true },
  ],
  [
    "ipv4:127.0.0.1:1,10.0.0.1:1",
    { address: "ipv4:127.0.0.1:1,10.0.0.1:1", scheme: undefined, isLocal: false },
  ],
  ["ipv6:[::1]:1", { address: "ipv6:[::1]:1", scheme: undefined, isLocal: true }],
  ["[fe80::1%eth0]:1", { address: "[fe80::1%eth0]:1", scheme: undefined, isLocal: false }],
  ["unix:run/s", { address: "unix:run/s", scheme: undefined, isLocal: true }],
  ["unix-abstract:s", { address: "unix-abstract:s", scheme: undefined, isLocal: true }],
  ["unix:///run/users.sock", { address: "unix:///run/users.sock", scheme: undefined, isLocal: true }],
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
])("refuses %j", (address) => {
  expect(() => parseAddress(address)).toThrow(/address is .* must be/);
});
