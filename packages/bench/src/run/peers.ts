import type { JobKind } from "../client/job.js";
import { builtProgram } from "./built.js";
import { buildGo } from "./go-programs.js";

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
] as const;
export type PeerName = (typeof peerNames)[number];

/** A program and its first arguments. */
export type Program = readonly string[];

/** One stack that is measured: a server, and the client of the same stack. */
export interface Peer {
  name: PeerName;
  server: Program;
  client: Program;
  can: ReadonlySet<JobKind>;
  /** How many connections its clients have if the work does not say. */
  connections: number;
  /** How h2load asks its server for one user; absent if it cannot. */
  load: "grpc" | "http1" | undefined;
  /** What its client is told beside the job. */
  clientArgument?: string;
}

/** How many requests one connection of the pipelining client may have waiting. */
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

/** Finds the programs of a peer, and builds them if they are in another language. */
export function findPeer(name: PeerName): Peer | Absent {
  switch (name) {
    case "callwire":
    case "nice-grpc":
    case "grpc-js":
    case "connect":
      return { name, ...nodePrograms(name), can: new Set(everything), connections: 1, load: "grpc" };
    case "rest":
      return { name, ...nodePrograms(name), can: new Set(calls), connections: 64, load: "http1" };
    case "rest-pipelined": {
      const { server, client } = nodePrograms("rest");
      const can = new Set<JobKind>(["get", "list"]);
      return { name, server, client, can, connections: 4, load: "http1", clientArgument: String(PIPELINING) };
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
    case "grpc-go": {
      const built = buildGo();
      if (typeof built === "string") return { name, reason: built };
      return { name, ...built, can: new Set(everything), connections: 1, load: "grpc" };
    }
  }
}

function nodePrograms(folder: string): { server: Program; client: Program } {
  return {
    // So that memory is measured without garbage.
    server: [process.execPath, "--expose-gc", builtProgram("peers", folder, "server.js")],
    client: [process.execPath, builtProgram("peers", folder, "client.js")],
  };
}
