import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetUserRequest } from "@callwire/contracts/users";
import { TOKEN } from "../full/settings.js";
import { userId } from "../service/data.js";
import type { Peer } from "./peers.js";
import { cpuSeconds, onCore } from "./programs.js";
import type { Work } from "./work.js";

/** True if there is a program to load servers with. */
export const hasLoader = !spawnSync("h2load", ["--version"]).error;

/** Streams of one connection: the same number in flight for every server, over as many connections as its clients have. */
function shape(peer: Peer, { inFlight }: Work): { connections: number; streams: number } {
  const connections = peer.load === "grpc" ? 4 : peer.connections;
  return { connections, streams: inFlight / connections };
}

/**
 * Loads a server with h2load, which is fast enough to leave the server the slower one, and returns how many requests the
 * server answers in a second of its own time on the CPU.
 */
export async function measureLoad(
  peer: Peer,
  work: Work,
  { warmupMs, measureMs }: { warmupMs: number; measureMs: number },
  pid: number,
  port: number,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "callwire-bench-load-"));
  try {
    const target = peer.load === "grpc" ? grpcTarget(folder, port) : restTarget(peer, work, port);
    const { connections, streams } = shape(peer, work);
    const args = [
      "-c",
      String(connections),
      "-m",
      String(streams),
      ...(peer.load === "http1" ? ["--h1"] : []),
    ];
    await load([...args, "-D", seconds(warmupMs), ...target]);
    const before = cpuSeconds(pid);
    const succeeded = await load([...args, "-D", seconds(measureMs), ...target]);
    return succeeded / (cpuSeconds(pid) - before);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** h2load takes whole seconds. */
function seconds(ms: number): string {
  return String(Math.max(1, Math.round(ms / 1000)));
}

/** A user, or a page of so many as the work says; peers with all features get what they ask for. */
function restTarget({ rest, full }: Peer, { size }: Work, port: number): string[] {
  const path = size === undefined ? `${rest!.user}${userId(7)}` : `${rest!.page}${size}`;
  const headers = [`authorization: Bearer ${TOKEN}`, `x-request-id: ${userId(7)}`];
  return [...(full ? headers.flatMap((header) => ["-H", header]) : []), `http://127.0.0.1:${port}${path}`];
}

function grpcTarget(folder: string, port: number): string[] {
  const message = GetUserRequest.encode({ id: userId(7) }).finish();
  const body = Buffer.alloc(5 + message.length);
  body.writeUInt32BE(message.length, 1);
  body.set(message, 5);
  const path = join(folder, "request");
  writeFileSync(path, body);
  const headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"];
  return [...headers, "-d", path, `http://127.0.0.1:${port}/users.UserService/GetUser`];
}

/** Runs h2load; returns how many requests were answered. */
async function load(args: readonly string[]): Promise<number> {
  const [command, ...rest] = onCore(1, ["h2load", ...args]);
  const child = spawn(command!, rest, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) output += chunk.toString();
  const counts = /(\d+) succeeded, (\d+) failed/.exec(output);
  if (counts === null || counts[1] === "0" || counts[2] !== "0") throw new Error(`h2load: ${output}`);
  return Number(counts[1]);
}
