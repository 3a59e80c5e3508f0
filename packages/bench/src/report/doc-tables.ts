import { codecNames, jsonNames, rowNames } from "../codec/codec.js";
import { listKinds } from "../run/list-kinds.js";
import type { PeerName } from "../run/peers.js";
import { codecNodes } from "./codec-points.js";
import { judge } from "./judge.js";
import type { Measured, Report, Result } from "./results.js";

/** A cell that nothing was measured for. */
export const NOT_MEASURED = "—";

/** A table's first row is its head. */
export type Rows = readonly (readonly string[])[];

/** One column: a number of a piece of work. */
interface Column {
  head: string;
  work: string;
  /** Default: the rate, as a whole number. */
  show?: (measured: Measured) => string | undefined;
}

const titles: Partial<Record<PeerName, string>> = {
  product: "SDK, kit, users service",
  before: "the same, before",
  edge: "REST: the edge, undici",
  "rest-full": "REST: fastify, undici",
  "hono-full": "REST: hono on Node.js, undici",
  "elysia-full": "REST: Elysia on Bun, undici",
  "nice-grpc-full": "nice-grpc with its middleware",
  "grpc-go-full": "grpc-go with interceptors",
  "callwire-metadata": "`@callwire/transport` with metadata",
  callwire: "`@callwire/transport`",
  "grpc-js": "@grpc/grpc-js",
  connect: "connect-es",
  rest: "REST, 64 connections",
  "rest-pipelined": "REST, 4 connections of 32",
  ndjson: "NDJSON over HTTP/1.1",
  bare: "bare node:net, the same bytes",
};

const whole = (value: number): string => Math.round(value).toLocaleString("en");
const milliseconds = (us: number | undefined): string | undefined =>
  us === undefined ? undefined : `${(us / 1000).toFixed(1)} ms`;
const kilobytes = (bytes: number | undefined): string | undefined =>
  bytes === undefined ? undefined : `${(bytes / 1024).toFixed(2)} KB`;
const factor = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : `${value.toFixed(2)} ×`;
const codecTimes = ({ encodeNs, decodeNs }: Measured): string | undefined =>
  encodeNs === undefined || decodeNs === undefined ? undefined : `${whole(encodeNs)} + ${whole(decodeNs)}`;
const megabytes = ({ rate }: Measured): string => whole(rate / 1e6);

const callColumns: readonly Column[] = [
  { head: "1 in flight", work: "unary-1" },
  { head: "8", work: "unary-8" },
  { head: "64", work: "unary-64" },
  { head: "512", work: "unary-512" },
  { head: "64, TLS", work: "tls-unary-64" },
  { head: "server alone, calls per CPU second", work: "load" },
  { head: "the same, varied", work: "load-varied" },
];

const productColumns: readonly Column[] = [
  { head: "GetUser, 64 in flight", work: "product-get-64" },
  { head: "GetUser, 1", work: "product-get-1" },
  { head: "CreateUser, 64", work: "product-create-64" },
  { head: "a page of 100, 16", work: "product-page-100" },
];

const streamColumns: readonly Column[] = [
  { head: "server-stream, messages/s", work: "server-stream" },
  { head: "client-stream", work: "client-stream" },
  { head: "bidi", work: "bidi" },
  { head: "1 MiB messages down, MB/s", work: "mib-download", show: megabytes },
  { head: "up", work: "mib-upload", show: megabytes },
];

function watchColumns(work: string): Column[] {
  return [
    {
      head: "server memory of an idle stream (RSS)",
      work,
      show: ({ rssPerStream }) => kilobytes(rssPerStream),
    },
    { head: "events/s", work },
    { head: "p99", work, show: ({ p99Us }) => milliseconds(p99Us) },
  ];
}

const uploadColumns: readonly Column[] = ["product-upload", "million-upload"].flatMap((work): Column[] => [
  { head: work === "million-upload" ? "1,000,000 rows, rows/s" : "100,000 rows, rows/s", work },
  {
    head: "server's peak, second half",
    work,
    show: ({ serverPeakRatio }) => factor(serverPeakRatio),
  },
  { head: "client's", work, show: ({ clientPeakRatio }) => factor(clientPeakRatio) },
]);

const millionColumns: readonly Column[] = [
  { head: "GetUser, 64 in flight, calls/s", work: "million-get-64" },
  { head: "a first page of 50 (p50)", work: "million-page-50", show: ({ p50Us }) => milliseconds(p50Us) },
  {
    head: "the same of 1,000 users",
    work: "million-page-50-of-1000",
    show: ({ p50Us }) => milliseconds(p50Us),
  },
];

const restLoadColumns: readonly Column[] = [
  { head: "GET one, calls per CPU second", work: "rest-load-get" },
  { head: "a page of 100", work: "rest-load-page-100" },
];

const heapColumns: readonly Column[] = [
  { head: "server's heap", work: "heap", show: ({ serverHeapRatio }) => factor(serverHeapRatio) },
  { head: "client's heap", work: "heap", show: ({ clientHeapRatio }) => factor(clientHeapRatio) },
];

/** The figures of GetUser beside one kind of list. */
const besideHead = ["beside lists of", "p50", "p99", "longest", "a list (p50)", "lists refused"];
const besideShown: readonly ((measured: Measured) => string | undefined)[] = [
  ({ p50Us }) => milliseconds(p50Us),
  ({ p99Us }) => milliseconds(p99Us),
  ({ maxUs }) => milliseconds(maxUs),
  ({ listP50Us }) => milliseconds(listP50Us),
  ({ listsRefused = 0 }) => `${(100 * listsRefused).toFixed(0)} %`,
];

/** The tables of docs/measurements.md, by the names that it has there. */
export function docTables(reports: readonly Report[]): ReadonlyMap<string, Rows> {
  const results = merged(reports.map((report) => report.results));
  const of = (work: string, peer: string): Measured | undefined =>
    results.find((result) => result.work === work && result.peer === peer)?.median;
  const cell = (
    work: string,
    peer: string,
    show: Column["show"] = ({ rate }: Measured) => whole(rate),
  ): string => {
    const measured = of(work, peer);
    return (measured && show(measured)) ?? NOT_MEASURED;
  };
  const byPeer = (columns: readonly Column[], peers: readonly (PeerName | "store")[]): Rows => [
    ["", ...columns.map(({ head }) => head)],
    ...peers.map((peer) => [
      peer === "store" ? "the store alone" : (titles[peer] ?? peer),
      ...columns.map(({ work, show }) => cell(work, peer, show)),
    ]),
  ];
  const codecRow = (kind: string, name: string, node: string): string[] => [
    `${name}, Node.js ${node}`,
    ...rowNames.map((row) => cell(`${kind}-${row}-node-${node}`, name, codecTimes)),
  ];
  return new Map<string, Rows>([
    [
      "product",
      byPeer(productColumns, [
        "product",
        "before",
        "edge",
        "rest-full",
        "hono-full",
        "elysia-full",
        "nice-grpc-full",
        "grpc-go-full",
        "callwire-metadata",
        "callwire",
      ]),
    ],
    [
      "product-watch",
      byPeer(watchColumns("product-watch"), ["product", "before", "grpc-go-full", "grpc-go"]),
    ],
    ["rest-load", byPeer(restLoadColumns, ["edge", "rest-full", "hono-full", "elysia-full"])],
    ["sse-fanout", byPeer(watchColumns("sse-fanout"), ["edge", "rest-full"])],
    ["uploads", byPeer(uploadColumns, ["product", "before", "store"])],
    ["million", byPeer(millionColumns, ["product", "before"])],
    [
      "beside",
      [
        besideHead,
        ...Object.keys(listKinds).map((kind) => [
          kind,
          ...besideShown.map((show) => cell(`million-beside-${kind}`, "product", show)),
        ]),
      ],
    ],
    ["heap", byPeer(heapColumns, ["product", "before"])],
    [
      "calls",
      byPeer(callColumns, [
        "callwire",
        "nice-grpc",
        "grpc-js",
        "connect",
        "grpc-go",
        "rest",
        "rest-pipelined",
        "bare",
      ]),
    ],
    [
      "streams",
      byPeer(streamColumns, ["callwire", "nice-grpc", "grpc-js", "connect", "grpc-go", "ndjson", "bare"]),
    ],
    ["watch", byPeer(watchColumns("watch"), ["callwire", "nice-grpc", "grpc-js", "connect", "grpc-go"])],
    [
      "codec",
      [
        ["encode + decode, ns", ...rowNames],
        ...codecNodes.flatMap((node) => [
          ...codecNames.map((name) => codecRow("codec", name, node)),
          ...jsonNames.map((name) => codecRow("json", name, node)),
        ]),
      ],
    ],
    ["judged", judged(results)],
    ["runs", runs(reports)],
  ]);
}

/** The goals, beside the measurements. */
function judged(results: readonly Result[]): Rows {
  return [
    ["point", "wanted", "measured", ""],
    ...judge(results)
      .filter(({ met }) => met !== undefined)
      .map(({ point, wanted, measured, met }) => [point, wanted, measured, met === true ? "met" : "not met"]),
  ];
}

/** Where, when, how and with what it was measured. */
function runs(reports: readonly Report[]): Rows {
  const texts = reports.map(({ versions }) =>
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
  );
  return [
    ["run", "machine", "work", "versions"],
    ...reports.map(({ date, machine, settings }, index) => [
      `${date.slice(0, 10)}, medians of ${settings.rounds} rounds of ${settings.seconds} s`,
      `${machine.cpu}, ${machine.cores} cores`,
      settings.only?.join(", ") ?? "all but `million`",
      texts[index] === texts[index - 1] ? "as above" : texts[index]!,
    ]),
  ];
}

/** Of work that several runs have, the last one's. */
function merged(all: readonly (readonly Result[])[]): Result[] {
  const found = new Map<string, Result>();
  for (const result of all.flat()) found.set(`${result.work} ${result.peer}`, result);
  return [...found.values()];
}
