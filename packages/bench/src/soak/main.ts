// `pnpm soak`: ten minutes at full load, or as many seconds as `--seconds` says. Ends with 1 if anything was wrong.
import { parseArgs } from "node:util";
import { runSoak } from "./run.js";

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
  options: { seconds: { type: "string", default: "600" } },
});
const seconds = Number(values.seconds);
if (!(seconds >= 5)) throw new Error("--seconds must be a number of at least 5");

const { problems, outcomes, connectionsHarmed, kills } = await runSoak({
  seconds,
  slackBytes: 0,
  onProgress: (line) => console.error(line),
});
console.log(`calls ${JSON.stringify(outcomes)}, ${connectionsHarmed} connections harmed, ${kills} kills`);
for (const problem of problems) console.log(`wrong: ${problem}`);
console.log(problems.length === 0 ? "all is well" : `${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
