import type { JobKind, ListRequest } from "../client/job.js";
import { codecNames, jsonNames, rowNames } from "../codec/codec.js";
import { USER_COUNT } from "../service/data.js";
import type { CodecRow } from "./codec.js";
import { listKinds } from "./list-kinds.js";
import { majorOf, ownNode } from "./nodes.js";
import type { PeerName } from "./peers.js";

/** One thing that is measured. */
export interface Work {
  name: string;
  /** `codec` and `load` have programs of their own, and so has what is measured beside `upload-rows`: the store alone. */
  kind: JobKind | "codec" | "load";
  /** The unit of the rate, each second. */
  unit: string;
  inFlight: number;
  /** Default: the peer's own number. */
  connections?: number;
  size?: number;
  tls?: boolean;
  /** Of `load`: each request is another one, with metadata of its own. Default: one request again and again. */
  varied?: boolean;
  /** Of `beside`. */
  list?: ListRequest;
  /** Of `codec`. */
  codec?: CodecRow;
  /** Takes long: only if it is named. */
  onRequest?: boolean;
  /** The number of users that there are, and are asked for. Default: 1,000, of which ten are asked for. */
  users?: number;
  /** Default: all peers that can do it and carry calls alone. */
  peers?: readonly PeerName[];
}

const IN_FLIGHT = [1, 8, 64, 512];
const MIB = 1024 * 1024;
const MILLION = 1_000_000;
/** The watchers over HTTP, each with a connection of its own. */
const FANOUT = 1000;

/** The peers of the growth curves. */
const curvePeers: readonly PeerName[] = ["callwire", "nice-grpc", "grpc-go", "rest", "bare"];

/** The transport alone, without metadata and with what the product's calls have. */
const transportPeers: readonly PeerName[] = ["callwire", "callwire-metadata"];

const productPeers: readonly PeerName[] = ["product", "before"];

/** The product, and others with its features. */
const fullPeers: readonly PeerName[] = [
  ...productPeers,
  "edge",
  "rest-full",
  "hono-full",
  "elysia-full",
  "nice-grpc-full",
  "grpc-go-full",
];

/** Everything that is measured, in its order; `quick` makes the large things smaller, `nodes` are for codecs. */
export function allWork(quick: boolean, nodes: readonly string[] = [ownNode]): Work[] {
  const watchers = quick ? 1000 : 10_000;
  return [
    ...IN_FLIGHT.map((n): Work => ({ name: `unary-${n}`, kind: "get", unit: "calls/s", inFlight: n })),
    ...IN_FLIGHT.map((n): Work => ({ name: `create-${n}`, kind: "create", unit: "calls/s", inFlight: n })),
    { name: "tls-unary-64", kind: "get", unit: "calls/s", inFlight: 64, tls: true },
    { name: "page-100", kind: "list", unit: "calls/s", inFlight: 16, size: 100 },
    { name: "server-stream", kind: "server-stream", unit: "messages/s", inFlight: 1 },
    { name: "client-stream", kind: "client-stream", unit: "messages/s", inFlight: 1 },
    { name: "bidi", kind: "bidi", unit: "messages/s", inFlight: 1 },
    { name: "mib-exchange", kind: "exchange", unit: "calls/s", inFlight: 4, size: MIB },
    { name: "mib-download", kind: "download", unit: "bytes/s", inFlight: 1, size: MIB },
    { name: "mib-upload", kind: "upload", unit: "bytes/s", inFlight: 1, size: MIB },
    { name: "watch", kind: "watch", unit: "events/s", inFlight: watchers, connections: watchers / 100 },
    ...nodes.flatMap(codecWork),
    { name: "load", kind: "load", unit: "calls/CPU s", inFlight: 64 },
    {
      name: "load-varied",
      kind: "load",
      unit: "calls/CPU s",
      inFlight: 64,
      varied: true,
      peers: ["callwire", "nice-grpc", "grpc-js", "connect", "grpc-go"],
    },
    ...productWork(quick),
    ...millionWork(),
    ...[2, 4, 16, 32, 128, 256, 1024].map((n): Work =>
      curve({ name: `unary-${n}`, kind: "get", inFlight: n }),
    ),
    ...[1, 4, 16, 64, 256].map((n): Work =>
      curve({ name: `connections-${n}`, kind: "get", inFlight: 256, connections: n }),
    ),
    ...[16, 256, 4096, 65_536, MIB].map((size): Work =>
      curve({ name: `payload-${size}`, kind: "exchange", inFlight: 16, size }),
    ),
  ];
}

/** The codecs on one version of Node.js: the binary format beside JSON as it is, then JSON as protobuf has it. */
function codecWork(node: string): Work[] {
  const rows = (name: string, codecs: CodecRow["codecs"]): Work[] =>
    rowNames.map((row) => ({
      name: `${name}-${row}-node-${majorOf(node)}`,
      kind: "codec",
      unit: "messages/s",
      inFlight: 1,
      codec: { row, node, codecs },
    }));
  return [...rows("codec", codecNames), ...rows("json", jsonNames)];
}

/** The product beside others with the same features, and beside the transport alone. */
function productWork(quick: boolean): Work[] {
  const watchers = quick ? 1000 : 10_000;
  const calls: Omit<Work, "peers" | "users" | "unit">[] = [
    { name: "product-get-64", kind: "get", inFlight: 64 },
    { name: "product-get-1", kind: "get", inFlight: 1 },
    { name: "product-create-64", kind: "create", inFlight: 64 },
    { name: "product-page-100", kind: "list", inFlight: 16, size: 100 },
  ];
  return [
    ...calls.map((work): Work => ({
      ...work,
      unit: "calls/s",
      users: USER_COUNT,
      peers: work.kind === "get" ? [...transportPeers, ...fullPeers] : fullPeers,
    })),
    ...[undefined, 100].map((size): Work => ({
      name: size === undefined ? "rest-load-get" : `rest-load-page-${size}`,
      kind: "load",
      unit: "calls/CPU s",
      inFlight: 64,
      ...(size !== undefined && { size }),
      peers: ["edge", "rest-full", "hono-full", "elysia-full"],
    })),
    {
      name: "product-watch",
      kind: "watch",
      unit: "events/s",
      inFlight: watchers,
      connections: watchers / 100,
      peers: ["product", "before", "grpc-go", "grpc-go-full"],
    },
    {
      name: "sse-fanout",
      kind: "watch",
      unit: "events/s",
      inFlight: FANOUT,
      // A connection each, as HTTP/1.1 has it, and one for the calls that make the events.
      connections: FANOUT + 1,
      peers: ["edge", "rest-full"],
    },
    uploadWork("product-upload", quick ? 10_000 : 100_000),
    {
      name: "heap",
      kind: "heap",
      unit: "calls/s",
      inFlight: 64,
      size: quick ? 10_000 : 300_000,
      peers: productPeers,
    },
  ];
}

/** The questions about a million users. */
function millionWork(): Work[] {
  const page = { kind: "list", unit: "calls/s", inFlight: 1, size: 50, peers: productPeers } as const;
  const million = { users: MILLION, onRequest: true };
  return [
    { name: "million-get-64", kind: "get", unit: "calls/s", inFlight: 64, ...million, peers: productPeers },
    { name: "million-page-50", ...page, ...million },
    { name: "million-page-50-of-1000", ...page, users: USER_COUNT, onRequest: true },
    ...Object.entries(listKinds).map(([name, list]): Work => ({
      name: `million-beside-${name}`,
      kind: "beside",
      unit: "calls/s",
      inFlight: 1,
      connections: 2,
      list,
      ...million,
      peers: productPeers,
    })),
    { ...uploadWork("million-upload", MILLION), onRequest: true },
  ];
}

/** The store alone is measured beside the peers. */
function uploadWork(name: string, rows: number): Work {
  return { name, kind: "upload-rows", unit: "rows/s", inFlight: 1, size: rows, peers: productPeers };
}

function curve(work: Omit<Work, "unit" | "peers">): Work {
  return { ...work, unit: "calls/s", peers: curvePeers };
}

/**
 * The work whose names are given, or begin with a name that is given and a `-`; if none is given, all that does not take
 * long.
 */
export function selectWork(all: readonly Work[], names: readonly string[] | undefined): Work[] {
  if (names === undefined) return all.filter(({ onRequest }) => onRequest !== true);
  const matches = (work: Work, name: string): boolean =>
    work.name === name || work.name.startsWith(`${name}-`);
  const unknown = names.filter((name) => !all.some((work) => matches(work, name)));
  if (unknown.length > 0) {
    throw new Error(
      `no such work: ${unknown.join(", ")}; there is ${all.map(({ name }) => name).join(", ")}`,
    );
  }
  return all.filter((work) => names.some((name) => matches(work, name)));
}
