import { builtProgram } from "./built.js";
import type { Peer } from "./peers.js";
import { cpuSeconds, RunningProgram } from "./programs.js";
import type { Work } from "./work.js";

/** As many as h2load has for the work `load`. */
const CONNECTIONS = 4;

/**
 * Loads a gRPC server with requests that are all different, as traced clients send them: another user, a traceparent and a
 * time-out of its own for each. Returns how many the server answers in a second of its own time on the CPU.
 */
export async function measureVariedLoad(
  _peer: Peer,
  { inFlight }: Work,
  { warmupMs, measureMs }: { warmupMs: number; measureMs: number },
  pid: number,
  port: number,
): Promise<number> {
  const args = [port, CONNECTIONS, inFlight / CONNECTIONS].map(String);
  await using generator = new RunningProgram(1, [process.execPath, builtProgram("load", "main.js")], args);
  const run = async (ms: number): Promise<number> => {
    generator.tell(String(ms));
    const { answered } = await generator.answer<{ answered: number }>();
    return answered;
  };
  await run(warmupMs);
  const before = cpuSeconds(pid);
  const answered = await run(measureMs);
  return answered / (cpuSeconds(pid) - before);
}
