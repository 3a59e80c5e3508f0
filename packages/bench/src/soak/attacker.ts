// The attacker: its argument is the port. On a line with the names of attacks, as JSON, it begins them; on an empty line it ends them, and
// answers when all of their sockets are closed.
import { setPriority } from "node:os";
import { createInterface } from "node:readline";
import { soakAttacks } from "./soak-attacks.js";

// The attacker shares a core with the callers, and must not be what delays them.
setPriority(19);

const port = Number(process.argv[2]);
let running: { controller: AbortController; ended: Promise<unknown> } | undefined;

function begin(names: readonly string[]): void {
  const controller = new AbortController();
  const chosen = soakAttacks.filter(({ name }) => names.includes(name));
  running = { controller, ended: Promise.all(chosen.map((attack) => attack.run(port, controller.signal))) };
  // A fault of an attack would otherwise go by as one that does nothing.
  running.ended.catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}

async function end(): Promise<void> {
  running?.controller.abort();
  await running?.ended;
  running = undefined;
  console.log("{}");
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  if (line === "") end().catch(console.error);
  else begin(JSON.parse(line) as string[]);
});
lines.on("close", () => process.exit(0));
