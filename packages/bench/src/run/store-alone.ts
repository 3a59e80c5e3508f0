import { builtProgram } from "./built.js";
import type { Databases } from "./databases.js";
import { checkout } from "./product.js";
import { RunningProgram } from "./programs.js";
import { USER_COUNT } from "../service/data.js";

/** Rows of one commit: what the users service's upload commits together. */
const BATCH = 500;

/** Longer than a million rows take. */
const LIMIT_MS = 600_000;

/** Measures how many rows a second the users service's store takes by itself, on the core that servers have. */
export async function measureStoreAlone(databases: Databases, rows: number): Promise<{ rate: number }> {
  const { service } = checkout();
  using prepared = await databases.prepare(service, { users: USER_COUNT, writes: true });
  const program = [process.execPath, builtProgram("full", "store-alone.js")];
  const args = [service, prepared.settings.database, USER_COUNT, rows, BATCH].map(String);
  await using store = new RunningProgram(0, program, args);
  return await store.answer<{ rate: number }>(LIMIT_MS);
}
