// Loaded before the users service's own program, which knows nothing of it: says on descriptor 3 where the service listens,
// which it reads in the service's log, and answers the measuring process there.
import { readFileSync, watch, writeSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { answerQuestions } from "../../service/serve.js";

const say = (answer: object): void => void writeSync(3, `${JSON.stringify(answer)}\n`);

function control(log: string): void {
  const watcher = watch(log, () => {
    const port = /"address":"[^"]*:(\d+)".*"msg":"listening"/.exec(readFileSync(log, "utf8"))?.[1];
    if (port === undefined) return;
    watcher.close();
    say({ port: Number(port) });
  });
  answerQuestions(say);
}

// The service's own threads are loaded with it too.
if (isMainThread) control(process.env["BENCH_LOG"] ?? "");
