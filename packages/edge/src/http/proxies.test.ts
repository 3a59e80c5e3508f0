import { describe, expect, test } from "@jest/globals";
import { createServer } from "@callwire/server-kit";
import { createEdge } from "../create-edge.js";
import { ProbeServiceDefinition } from "../testing/gen/callwire/edge/testing/v1/probe_service.js";
import { probeService } from "../testing/probe-service.js";
import type { ProxyOptions } from "./proxies.js";

/** Serves requests as if they came from an address; answers with the peer that the handler sees. */
async function peerOf(
  proxies: ProxyOptions | undefined,
  from: string,
  headers: Record<string, string>,
): Promise<string> {
  const server = createServer().add(ProbeServiceDefinition, {
    ...probeService(),
    query: async (_, { peer }) => ({ request: { stringValue: peer } }),
  });
  const { fetch } = createEdge({ server, ...(proxies && { proxies }) });
  const answer = await fetch(new Request("http://x/v1/query", { headers }), { peer: from });
  return ((await answer.json()) as { stringValue: string }).stringValue;
}

const xff = (value: string) => ({ "x-forwarded-for": value });
const forwarded = (value: string) => ({ forwarded: value });
const ours: ProxyOptions = { from: ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1"] };
const rfc7239: ProxyOptions = { ...ours, header: "forwarded" };

describe("the peer is", () => {
  test.each<[string, ProxyOptions | undefined, string, Record<string, string>, string]>([
    ["the nearest, where no proxy is named", undefined, "10.0.0.1:5", xff("203.0.113.9"), "10.0.0.1:5"],
    ["the nearest, if it is no proxy", ours, "203.0.113.1:5", xff("203.0.113.9"), "203.0.113.1:5"],
    ["the nearest, if the field is not there", ours, "10.0.0.1:5", {}, "10.0.0.1:5"],
    ["that of the field", ours, "10.0.0.1:5", xff("203.0.113.9"), "203.0.113.9"],
    ["that of the field, by IPv6", ours, "[::1]:5", xff("2001:dead::1"), "[2001:dead::1]"],
    [
      "that of the field, by an address in IPv6",
      ours,
      "[::ffff:10.0.0.1]:5",
      xff("203.0.113.9"),
      "203.0.113.9",
    ],
    ["with its port", ours, "10.0.0.1:5", xff("203.0.113.9:4711"), "203.0.113.9:4711"],
    [
      "the last that is no proxy",
      ours,
      "10.0.0.1:5",
      xff("1.1.1.1, 203.0.113.9, 192.0.2.7, 10.9.9.9"),
      "203.0.113.9",
    ],
    ["the first, if all are proxies", ours, "10.0.0.1:5", xff("10.0.0.3, 10.0.0.2"), "10.0.0.3"],
    [
      "not what anybody may have written",
      ours,
      "10.0.0.1:5",
      xff("10.0.0.9, <script>, 10.0.0.2"),
      "10.0.0.2",
    ],
    ["not by the other field", ours, "10.0.0.1:5", forwarded("for=203.0.113.9"), "10.0.0.1:5"],
    ["not by the other field either", rfc7239, "10.0.0.1:5", xff("203.0.113.9"), "10.0.0.1:5"],
    [
      "that of RFC 7239",
      rfc7239,
      "10.0.0.1:5",
      forwarded("proto=https;For=203.0.113.9;by=10.0.0.1"),
      "203.0.113.9",
    ],
    [
      "of several",
      rfc7239,
      "10.0.0.1:5",
      forwarded('for=1.1.1.1, for="[2001:dead::1]:47"'),
      "[2001:dead::1]:47",
    ],
    [
      "not one that is hidden",
      rfc7239,
      "10.0.0.1:5",
      forwarded("for=1.1.1.1, for=_hidden, for=10.0.0.2"),
      "10.0.0.2",
    ],
    [
      "not one in a text",
      rfc7239,
      "10.0.0.1:5",
      forwarded('host="a, for=1.1.1.1";for=unknown'),
      "10.0.0.1:5",
    ],
    ["unknown over a socket without address", ours, "unknown", xff("203.0.113.9"), "unknown"],
  ])("%s", async (_, proxies, from, headers, expected) => {
    expect(await peerOf(proxies, from, headers)).toBe(expected);
  });
});

test.each([
  [["10.0.0.0/33"], '"10.0.0.0/33" is no address and no network, as 10.0.0.0/8 is'],
  [["localhost"], '"localhost" is no address'],
  [["::1/129"], '"::1/129" is no address'],
  [["10.0.0.0/8/8"], "is no address"],
])("createEdge refuses the proxies %j", (from, message) => {
  const server = createServer();
  expect(() => createEdge({ server, proxies: { from } })).toThrow(message);
});

test("createEdge names what proxies lack", () => {
  const server = createServer();
  expect(() => createEdge({ server, proxies: {} as never })).toThrow("'proxies.from' is missing");
  const header = "x-real-ip" as never;
  expect(() => createEdge({ server, proxies: { from: [], header } })).toThrow("proxies.header is");
});
