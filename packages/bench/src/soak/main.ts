// `pnpm soak`: ten minutes at full load, or as many seconds as `--seconds` says; with `--attacks` under attack. Ends with 1 if
// anything was wrong.
import { parseArgs } from "node:util";
import { soakAttacks } from "./soak-attacks.js";
import { runAttacks } from "./attack-run.js";
import { TABLE_HEADING, tableLine } from "./attack-table.js";
import { runSoak } from "./run.js";

const names = soakAttacks.map(({ name }) => name);

const USAGE = `Breaks the transport, and looks at what is left.

  --seconds <n>     how long it takes, at least 5 (default: 600)
  --attacks         attacks a server beside callers that behave well, in all ways and in pairs of them
  --only <texts>    with --attacks, those whose names have one of these in them: reset,windows (default: all)

attacks:
${names.map((name) => `  ${name}`).join("\n")}`;

/** The callers' p99 may be so much longer during an attack, in milliseconds, on a machine that does nothing else. */
const SLOWER_MS = 50;
/** The live memory that may be left: compiled code is in it. */
const LEFT_BYTES = 8_000_000;

/** The orders of the command line. */
interface SoakOrders {
  seconds: number;
  attacks: boolean;
  only: readonly string[];
}

/** The orders; undefined after it has said why there are none. */
function readOrders(args: readonly string[]): SoakOrders | undefined {
  try {
    const { values } = parseArgs({
      args: args.filter((argument) => argument !== "--"),
      options: {
        seconds: { type: "string", default: "600" },
        attacks: { type: "boolean", default: false },
        only: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      return undefined;
    }
    const seconds = Number(values.seconds);
    if (!(seconds >= 5))
      throw new RangeError(`--seconds is ${values.seconds}: it must be a number of at least 5`);
    if (values.only !== undefined && !values.attacks) throw new Error("--only needs --attacks");
    const texts = values.only?.split(",") ?? [""];
    for (const text of texts) {
      if (!names.some((name) => name.includes(text))) throw new Error(`no attack has "${text}" in its name`);
    }
    const only = names.filter((name) => texts.some((text) => name.includes(text)));
    return { seconds, attacks: values.attacks, only };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 1;
    return undefined;
  }
}

const orders = readOrders(process.argv.slice(2));
if (orders !== undefined) report(orders.attacks ? await soakUnderAttack(orders) : await soak(orders.seconds));

/** Prints the faults. */
function report(problems: readonly string[]): void {
  for (const problem of problems) console.log(`wrong: ${problem}`);
  console.log(problems.length === 0 ? "all is well" : `${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

async function soak(seconds: number): Promise<string[]> {
  const { problems, outcomes, connectionsHarmed, kills } = await runSoak({
    seconds,
    slackBytes: 0,
    onProgress: (line) => console.error(line),
  });
  console.log(`calls ${JSON.stringify(outcomes)}, ${connectionsHarmed} connections harmed, ${kills} kills`);
  return problems;
}

async function soakUnderAttack({ seconds, only }: SoakOrders): Promise<string[]> {
  console.log(`before, during and after each attack\n${TABLE_HEADING}`);
  return runAttacks({
    seconds,
    only,
    slowerMs: SLOWER_MS,
    leftBytes: LEFT_BYTES,
    onRow: (row) => console.log(tableLine(row)),
  });
}
