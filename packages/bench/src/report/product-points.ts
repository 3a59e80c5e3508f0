import { listKinds } from "../run/list-kinds.js";
import { atLeastTimes, atMost, ratio, reported, type Lookup, type Point } from "./points.js";

/** A request by REST through the edge beside fastify, written by hand. */
function edge(what: string, work: string): Point {
  return atLeastTimes(`E3 REST, ${what}`, { work, peer: "edge" }, { work, peer: "rest-full" }, 1);
}

const PEERS_BESIDE = ["hono-full", "elysia-full", "nice-grpc-full", "grpc-go-full", "before"];

/** A call of the product beside that of another peer, in the same work. */
function product(point: string, work: string, peer: string, least: number): Point {
  return atLeastTimes(point, { work, peer: "product" }, { work, peer }, least);
}

function besideOthers(point: string, work: string): Point[] {
  return PEERS_BESIDE.map((peer) => reported(point, { work, peer: "product" }, { work, peer }));
}

const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(2)} KB`;
const milliseconds = (us: number): string => `${(us / 1000).toFixed(1)} ms`;

/** The goals of what people install: the SDK and the kit, by the users service over SQLite. */
export const productPoints: readonly Point[] = [
  product("P1 GetUser, 64 in flight", "product-get-64", "rest-full", 10),
  product("P1 GetUser, 64 in flight", "product-get-64", "callwire", 0.4),
  ...besideOthers("P1 GetUser, 64 in flight", "product-get-64"),
  product("P1 GetUser, 1 in flight", "product-get-1", "rest-full", 1.2),
  product("P1 CreateUser, 64 in flight", "product-create-64", "rest-full", 2),
  ...besideOthers("P1 CreateUser, 64 in flight", "product-create-64"),
  product("P1 a page of 100", "product-page-100", "rest-full", 4),
  ...besideOthers("P1 a page of 100", "product-page-100"),
  edge("GET one", "product-get-64"),
  edge("POST one", "product-create-64"),
  edge("a page of 100", "product-page-100"),
  edge("GET one, the server alone", "rest-load-get"),
  edge("a page of 100, the server alone", "rest-load-page-100"),
  edge("SSE to 1,000 watchers, beside NDJSON by hand", "sse-fanout"),
  atLeastTimes(
    "P1 the transport with metadata",
    { work: "product-get-64", peer: "callwire-metadata" },
    { work: "product-get-64", peer: "callwire" },
    0.6,
  ),
  reported(
    "P1 server alone, varied requests",
    { work: "load-varied", peer: "callwire" },
    { work: "load", peer: "callwire" },
  ),
  atMost(
    "P3 memory of an idle watch (RSS)",
    "≤ 5 KB",
    (of) => of("product-watch", "product")?.rssPerStream,
    5 * 1024,
    kilobytes,
  ),
  {
    point: "P3 watch, events/s",
    wanted: "≥ 100,000, or ≥ 1.5 × grpc-go",
    value: watchRate,
    meets: (value) => value >= 1,
    show: (value) => `${value.toFixed(2)} × the lower of the two`,
  },
  atMost(
    "P3 watch, p99",
    "≤ 1 × grpc-go",
    (of) => ratio(of("product-watch", "product")?.p99Us, of("product-watch", "grpc-go")?.p99Us),
    1,
  ),
  ...["product-upload", "million-upload"].flatMap((work) => [
    product(`P4 ${work}, rows/s`, work, "before", 2),
    product(`P4 ${work}, rows/s`, work, "store", 0.7),
    flat(`P4 ${work}, server's memory`, work, "serverPeakRatio"),
    flat(`P4 ${work}, client's memory`, work, "clientPeakRatio"),
  ]),
  atMost(
    "P4 a first page of 1,000,000",
    "≤ 2 × of 1,000",
    (of) => ratio(of("million-page-50", "product")?.p50Us, of("million-page-50-of-1000", "product")?.p50Us),
    2,
  ),
  ...Object.keys(listKinds).map((kind) =>
    atMost(
      `P4 GetUser beside ${kind}, p99`,
      "≤ 20 ms",
      (of) => of(`million-beside-${kind}`, "product")?.p99Us,
      20_000,
      milliseconds,
    ),
  ),
  atMost("P7 server's heap", "≤ 1.1 ×", (of) => of("heap", "product")?.serverHeapRatio, 1.1),
  atMost("P7 client's heap", "≤ 1.1 ×", (of) => of("heap", "product")?.clientHeapRatio, 1.1),
];

/** The second half of an upload needs hardly more memory than the first. */
function flat(point: string, work: string, key: "serverPeakRatio" | "clientPeakRatio"): Point {
  return atMost(point, "≤ 1.25 × of the first half", (of) => of(work, "product")?.[key], 1.25);
}

/** The rate in parts of what is enough: either of two, so the lower one. */
function watchRate(of: Lookup): number | undefined {
  const rate = of("product-watch", "product")?.rate;
  const go = of("product-watch", "grpc-go")?.rate;
  return ratio(rate, Math.min(100_000, 1.5 * (go ?? Infinity)));
}
