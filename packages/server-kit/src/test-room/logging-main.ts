// The process that the tests of the log's destination end in many ways, after 1,000 lines.
import { createLogger } from "../logger.js";

const logger = createLogger();
const [, , end] = process.argv;
for (let n = 0; n < 500; n++) logger.info({ n });
// Later lines wait for more: they are not the first of few.
await new Promise((resolve) => setImmediate(resolve));
await new Promise<void>((resolve) => logger.flush(() => resolve()));
for (let n = 500; n < 1000; n++) logger.info({ n });

if (end === "exit") process.exit(3);
if (end === "throw") throw new Error("nobody catches it");
if (end === "SIGTERM" || end === "SIGINT") {
  setInterval(() => {}, 60_000);
  process.kill(process.pid, end);
}
if (end === "listen") {
  const alive = setInterval(() => {}, 60_000);
  process.once("SIGTERM", () => {
    logger.info({ n: 1000 });
    clearInterval(alive);
    process.exitCode = 7;
  });
  process.kill(process.pid, "SIGTERM");
}
if (end === "forever") {
  setInterval(() => {
    for (let n = 0; n < 1000; n++) logger.info({ n, text: "x".repeat(1000) });
  }, 10);
}
