import type { JobKind } from "../client/job.js";
import { builtProgram } from "./built.js";
import { findBun } from "./bun.js";
import { buildGo } from "./go-programs.js";
import { checkout, productPrograms, type RuntimeName } from "./product.js";
import type { Program } from "./programs.js";
import type { ServerSettings } from "../service/serve.js";

/** The names of all peers, in the order in which they take their turns. */
export const peerNames = [
  "callwire",
  "nice-grpc",
  "grpc-js",
  "connect",
  "grpc-go",
  "rest",
  "rest-pipelined",
  "ndjson",
  "bare",
  "callwire-metadata",
  "product",
  "before",
  "edge",
  "rest-full",
  "hono-full",
  "elysia-full",
  "nice-grpc-full",
  "grpc-go-full",
] as const;
export type PeerName = (typeof peerNames)[number];

/** The REST API of the peers that were written by hand. */
const rest = { user: "/users/", page: "/users?pageSize=" };

/** One stack that is measured: a server, and the client of the same stack. */
export interface Peer {
  name: PeerName;
  server: Program;
  client: Program;
  can: ReadonlySet<JobKind>;
  /** The number of connections that its clients have if the work does not say. */
  connections: number;
  /** The way in which h2load asks its server for one user; absent if it cannot. */
  load: "grpc" | "http1" | undefined;
  /** What comes in its REST API before a user's id, and before the size of a page; absent without REST. */
  rest?: { user: string; page: string };
  /** The settings of its client beside the job. */
  clientArgument?: string;
  /** True if only work that names it is for it. */
  onlyNamed?: boolean;
  /**
   * Absent for peers that carry calls and no more. The others have the product's features: a token, a line for each call in a
   * file, and a database, which `seededBy` makes, the folder of a users service; undefined makes none.
   */
  full?: { seededBy: string | undefined };
  /** The settings of its server. Default: as JSON. The server's standard output is its log then. */
  serverArguments?: (settings: ServerSettings) => string[];
}

/** The number of requests that one connection of the pipelining client may have waiting. */
export const PIPELINING = 32;

const calls: JobKind[] = ["get", "create", "list", "exchange"];
const everything: JobKind[] = [
  ...calls,
  "server-stream",
  "client-stream",
  "bidi",
  "download",
  "upload",
  "watch",
];

/** A peer that is not here, and why. */
export interface Absent {
  name: PeerName;
  reason: string;
}

/** A run's choices about its peers. */
export interface PeerOptions {
  /** True if programs that are not here are installed from the npm registry. */
  install: boolean;
  /** The runtime that carries the product's calls. */
  runtime: RuntimeName;
  /** The folder of a built checkout of before, for the peer of that name. */
  before: string | undefined;
}

/** Of the product and the peers beside it. */
const fullCalls = new Set<JobKind>(["get", "create", "list"]);
const fullCallsAndWatch = new Set<JobKind>([...fullCalls, "watch"]);

/** Finds the programs of a peer, and builds them if they are in another language. */
export function findPeer(name: PeerName, { runtime, before, install }: PeerOptions): Peer | Absent {
  switch (name) {
    case "callwire":
    case "nice-grpc":
    case "grpc-js":
    case "connect":
      return { name, ...nodePrograms(name), can: new Set(everything), connections: 1, load: "grpc" };
    case "rest":
      return { name, ...nodePrograms(name), can: new Set(calls), connections: 64, load: "http1", rest };
    case "rest-pipelined": {
      const { server, client } = nodePrograms("rest");
      const can = new Set<JobKind>(["get", "list"]);
      return {
        name,
        server,
        client,
        can,
        connections: 4,
        load: "http1",
        rest,
        clientArgument: String(PIPELINING),
      };
    }
    case "ndjson":
      return {
        name,
        ...nodePrograms(name),
        can: new Set<JobKind>(["server-stream", "client-stream"]),
        connections: 1,
        load: undefined,
      };
    case "bare":
      return {
        name,
        ...nodePrograms(name),
        can: new Set<JobKind>(["get", "exchange", "download", "upload"]),
        connections: 1,
        load: undefined,
      };
    case "callwire-metadata": {
      const programs = nodePrograms("callwire");
      const can = new Set<JobKind>(["get"]);
      return {
        name,
        ...programs,
        can,
        connections: 1,
        load: undefined,
        clientArgument: "metadata",
        onlyNamed: true,
      };
    }
    case "product":
    case "before": {
      if (name === "before" && before === undefined) return { name, reason: "no --before was given" };
      const from = checkout(name === "before" ? before : undefined);
      const can = new Set<JobKind>([...fullCalls, "watch", "upload-rows", "heap", "beside"]);
      const full = { seededBy: from.service };
      return { name, ...productPrograms(from, runtime), can, connections: 1, load: undefined, full };
    }
    case "edge": {
      // The product's own server: REST is served on the port of gRPC.
      const { server, serverArguments } = productPrograms(checkout(), runtime);
      const client = clientProgram("rest-full");
      const full = shared();
      const ofContract = { user: "/v1/users/", page: "/v1/users?page_size=" };
      const has = { server, serverArguments, client, clientArgument: "edge", rest: ofContract, full };
      return { name, ...has, can: fullCallsAndWatch, connections: 64, load: "http1" };
    }
    case "rest-full":
      return {
        name,
        ...nodePrograms(name),
        can: fullCallsAndWatch,
        connections: 64,
        load: "http1",
        rest,
        full: shared(),
      };
    case "hono-full": {
      const server = serverProgram(name);
      const client = clientProgram("rest-full");
      return { name, server, client, can: fullCalls, connections: 64, load: "http1", rest, full: shared() };
    }
    case "elysia-full": {
      const bun = findBun(install);
      if (!bun.found) return { name, reason: bun.reason };
      const server = [bun.path, builtProgram("peers", name, "server.js")];
      const client = clientProgram("rest-full");
      return { name, server, client, can: fullCalls, connections: 64, load: "http1", rest, full: shared() };
    }
    case "nice-grpc-full":
      return { name, ...nodePrograms(name), can: fullCalls, connections: 1, load: undefined, full: shared() };
    case "grpc-go-full": {
      const built = buildGo();
      const programs = typeof built === "string" ? built : built.full;
      if (typeof programs === "string") return { name, reason: programs };
      // It makes a database of its own.
      const full = { seededBy: undefined };
      const has = { ...programs, can: fullCallsAndWatch, full, clientArgument: "full" };
      return { name, ...has, connections: 1, load: undefined };
    }
    case "grpc-go": {
      const built = buildGo();
      if (typeof built === "string") return { name, reason: built };
      return { name, ...built.plain, can: new Set(everything), connections: 1, load: "grpc" };
    }
  }
}

/** The database of peers that open the users service's own store. */
function shared(): { seededBy: string } {
  return { seededBy: checkout().service };
}

function nodePrograms(folder: string): { server: Program; client: Program } {
  return { server: serverProgram(folder), client: clientProgram(folder) };
}

/** `--expose-gc`, so that memory is measured without garbage. */
function serverProgram(folder: string): Program {
  return [process.execPath, "--expose-gc", builtProgram("peers", folder, "server.js")];
}

function clientProgram(folder: string): Program {
  return [process.execPath, builtProgram("peers", folder, "client.js")];
}
