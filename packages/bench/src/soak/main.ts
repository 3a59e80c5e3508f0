// `pnpm soak`: ten minutes at full load, or as many seconds as `--seconds` says. Ends with 1 if anything was wrong.
import { parseArgs } from "node:util";
import { runSoak } from "./run.js";

const USAGE = `Breaks the transport, and looks at what is left.

  --seconds <n>     how long it takes, at least 5 (default: 600)`;

/** The seconds that are asked for; undefined after it has said why there are none. */
function secondsOf(args: readonly string[]): number | undefined {
  try {
    const { values } = parseArgs({
      args: args.filter((argument) => argument !== "--"),
      options: { seconds: { type: "string", default: "600" }, help: { type: "boolean", default: false } },
    });
    if (values.help) {
      console.log(USAGE);
      return undefined;
    }
    const seconds = Number(values.seconds);
    if (seconds >= 5) return seconds;
    throw new RangeError(`--seconds is ${values.seconds}: it must be a number of at least 5`);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 1;
    return undefined;
  }
}

const seconds = secondsOf(process.argv.slice(2));
if (seconds !== undefined) await soak(seconds);

async function soak(seconds: number): Promise<void> {
  const { problems, outcomes, connectionsHarmed, kills } = await runSoak({
    seconds,
    slackBytes: 0,
    onProgress: (line) => console.error(line),
  });
  console.log(`calls ${JSON.stringify(outcomes)}, ${connectionsHarmed} connections harmed, ${kills} kills`);
  for (const problem of problems) console.log(`wrong: ${problem}`);
  console.log(problems.length === 0 ? "all is well" : `${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
