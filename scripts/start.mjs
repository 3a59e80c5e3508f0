// `npm start`: installs and builds what has changed, then runs the users service in this same process, so that signals to npm
// reach it. The build's own lines are shown only if it fails: standard output has the service's alone.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("pnpm.mjs", import.meta.url));
const main = new URL("../packages/users-service/dist/main.js", import.meta.url);
const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
/** How long a build may take without a word, in milliseconds. */
const SILENCE_MS = 3_000;

/** Builds; resolves to true if that went well. */
async function build() {
  const isPosix = process.platform !== "win32";
  // A group of its own, so that a signal ends all of it.
  const child = spawn(process.execPath, [script, "run", "build-service"], {
    cwd: new URL("..", import.meta.url),
    stdio: ["ignore", "pipe", "pipe"],
    detached: isPosix,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => (output += text));
  }
  let stoppedBy;
  const stop = (signal) => {
    stoppedBy = signal;
    if (isPosix && child.pid !== undefined) process.kill(-child.pid, signal);
    else child.kill(signal);
  };
  for (const signal of signals) process.on(signal, stop);
  const notice = setTimeout(() => {
    process.stderr.write("Installing and building; the first time takes a minute or two …\n");
  }, SILENCE_MS);
  // Not "close": a daemon that the build leaves behind keeps its streams open.
  const [code] = await once(child, "exit");
  child.stdout.destroy();
  child.stderr.destroy();
  clearTimeout(notice);
  for (const signal of signals) process.off(signal, stop);
  if (stoppedBy !== undefined) {
    process.kill(process.pid, stoppedBy);
    return false;
  }
  if (code === 0) return true;
  process.stderr.write(
    `${output}\nnpm start: the build failed with exit code ${code}; its output is above\n`,
  );
  process.exitCode = code ?? 1;
  return false;
}

if (await build()) await import(main);
