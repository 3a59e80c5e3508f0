// `pnpm fuzz [target ...] [--seconds N]`: runs inputs that are changed by chance, and keeps those that lead to new places of the
// sources. Each target runs in a thread of its own, so that a hang or an end of it is seen. Ends with 1 if an input fails.
import { appendFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { createInstrumenter } from "istanbul-lib-instrument";
import { build } from "rolldown";

/** The packages that have targets, and the private folder of each with its own: some have an entry point named `testing`. */
const packages = {
  transport: "testing",
  "client-sdk": "test-room",
  edge: "testing",
  "users-service": "testing",
};
/** A thread that takes so long for one input hangs, in seconds. */
const HANG_SECONDS = 20;
/** The memory that a thread may use before it is ended, in MB. */
const HEAP_MB = 1024;
const MAX_INPUT_BYTES = 64 * 1024;
const testkit = resolve("packages/testkit/dist/fuzz");
const { MAX_GROWTH_BYTES } = await import(pathToFileURL(join(testkit, "fuzzer.js")));
const { readCorpus, toLine, writeCorpus } = await import(pathToFileURL(join(testkit, "corpus.js")));

/** Counts the statements and branches of the sources, and of nothing else. */
const instrument = {
  name: "instrument",
  transform: {
    filter: { id: /packages\/[^/]+\/src\/(?!testing\/|test-room\/).*\.ts$/ },
    handler: (code, id) =>
      createInstrumenter({ esModules: true, parserPlugins: ["typescript"] }).instrumentSync(code, id),
  },
};

/** The sources of the codec, which is instrumented with the packages that import it. */
const protobuf = {
  "@callwire/protobuf": resolve("packages/protobuf/src/index.ts"),
  "#text": resolve("packages/protobuf/src/text.node.ts"),
};

/** Bundles a source of a package where its imports are found; returns the URL. */
async function bundle(name, source) {
  const folder = resolve("packages", name);
  const dir = join(folder, "node_modules/.cache/callwire-fuzz");
  await build({
    input: join(folder, "src", source),
    platform: "node",
    external: (id) => !id.startsWith(".") && !id.startsWith("/") && !(id in protobuf),
    resolve: { alias: protobuf },
    plugins: [instrument],
    tsconfig: join(folder, "tsconfig.json"),
    logLevel: "warn",
    // Instrumenting takes most of its time, as it must.
    checks: { pluginTimings: false },
    output: { dir, format: "esm", entryFileNames: "[name].mjs" },
  });
  return pathToFileURL(join(dir, `${basename(source, ".ts")}.mjs`)).href;
}

const { didYouMean } = await import(await bundle("transport", "grpc/nearest-name.ts"));

async function findTargets() {
  const found = [];
  for (const [name, room] of Object.entries(packages)) {
    const module = await bundle(name, `${room}/fuzz/targets.ts`);
    for (const target of (await import(module)).targets) {
      const path = join("packages", name, "src", room, "fuzz/corpus", target.name);
      found.push({ target, module, corpus: `${path}.txt`, found: `${path}.found.txt` });
    }
  }
  return found;
}

function usage(all) {
  const width = Math.max(...all.map(({ target }) => target.name.length));
  return `pnpm fuzz [target ...] [options]: runs the targets, or all, one after the other

  --seconds <n>   the time for each target, at least 1 (default: 60)
  --seed <n>      where chance begins, a whole number (default: the clock); the report names it
  --write         writes the few inputs that reach all that was reached to the corpus, or the one that fails
  --help          this text

targets:
${all.map(({ target }) => `  ${target.name.padEnd(width)}   ${target.about}`).join("\n")}`;
}

/** The orders of the command line. @throws {Error} that says what is wrong with them. */
function readArguments(all) {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2).filter((argument) => argument !== "--"),
    allowPositionals: true,
    options: {
      seconds: { type: "string", default: "60" },
      seed: { type: "string", default: String(Date.now() % 2 ** 31) },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const seconds = Number(values.seconds);
  if (!(seconds >= 1 && seconds < Infinity)) {
    throw new RangeError(`--seconds is ${values.seconds}: it must be a number of at least 1`);
  }
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed))
    throw new RangeError(`--seed is ${values.seed}: it must be a whole number`);
  const names = all.map(({ target }) => target.name);
  for (const name of positionals) {
    if (names.includes(name)) continue;
    throw new Error(`there is no target ${name}${didYouMean(name, names)}`);
  }
  const chosen =
    positionals.length === 0 ? all : all.filter(({ target }) => positionals.includes(target.name));
  return { seconds, seed, write: values.write, help: values.help, chosen };
}

/** Runs one target to its report; of a thread that hangs or ends, the report is the input that it had. */
function run({ target, module, corpus, found }, { seconds, seed }) {
  const shared = new SharedArrayBuffer(8 + MAX_INPUT_BYTES);
  const counters = new Int32Array(shared, 0, 2);
  const worker = new Worker(join(testkit, "fuzz-worker.js"), {
    workerData: {
      module,
      target: target.name,
      seconds,
      seed,
      corpus: [...readCorpus(corpus), ...readCorpus(found)],
      shared,
    },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  return new Promise((done) => {
    let inputs = 0;
    // Counted, so that a machine that sleeps does not count as a hang.
    let secondsWithout = 0;
    const finish = (report) => {
      clearInterval(timer);
      void worker.terminate();
      done(report);
    };
    const fail = (error) => {
      const input = Buffer.from(new Uint8Array(shared, 8, counters[1]));
      finish({
        inputs: counters[0],
        corpus: [],
        files: [],
        stepsPerByte: 0,
        heldBytes: [0, 0],
        failure: { input, error },
      });
    };
    const timer = setInterval(() => {
      const now = Atomics.load(counters, 0);
      secondsWithout = now === inputs ? secondsWithout + 1 : 0;
      inputs = now;
      if (secondsWithout > HANG_SECONDS) fail(new Error(`an input takes more than ${HANG_SECONDS} s`));
    }, 1000);
    worker.on("message", (report) => {
      // Buffers come through as plain arrays of bytes.
      report.corpus = report.corpus.map((input) => Buffer.from(input));
      if (report.failure !== undefined) report.failure.input = Buffer.from(report.failure.input);
      finish(report);
    });
    worker.on("error", fail);
    worker.on("exit", (code) => fail(new Error(`the thread has ended with ${code}`)));
  });
}

/** Prints what came of a target; returns true if all is well. */
function print({ target, found }, report, { seconds, seed }) {
  const mb = (bytes) => (bytes / 1e6).toFixed(1);
  const [before, after] = report.heldBytes;
  const covered = report.files.reduce((sum, file) => sum + file.covered, 0);
  const total = report.files.reduce((sum, file) => sum + file.total, 0);
  console.log(
    `${target.name}: ${report.inputs} inputs in ${seconds} s, ${covered} of ${total} places covered, ` +
      `${report.corpus.length} inputs reach them, ${mb(before)} MB held and then ${mb(after)} MB, ` +
      `${Math.max(0, Math.ceil(report.stepsPerByte))} statements a byte at most`,
  );
  for (const { path, covered, total } of report.files.filter(({ covered }) => covered > 0).slice(0, 5)) {
    console.log(
      `  ${((100 * covered) / total).toFixed(0).padStart(3)} %  ${path.replace(/^.*packages\//, "")}`,
    );
  }
  const { failure } = report;
  if (failure !== undefined) {
    console.log(`  fails: ${failure.error?.stack ?? String(failure.error)}`);
    console.log(`  input, a line for ${found}:\n${toLine(failure.input, target.isText)}`);
  }
  const grew = before > 0 && after - before > MAX_GROWTH_BYTES;
  if (grew)
    console.log(`  grows: at most ${mb(MAX_GROWTH_BYTES)} MB more may be held at the end (seed ${seed})`);
  return failure === undefined && !grew;
}

/** Keeps an input that fails beside the corpus, for good: it need not reach anything that others do not. */
function keepFinding({ target, found }, input) {
  appendFileSync(found, `${toLine(input, target.isText)}\n`);
}

async function main() {
  const all = await findTargets();
  let orders;
  try {
    orders = readArguments(all);
  } catch (error) {
    console.error(`${error.message}\n\n${usage(all)}`);
    return 1;
  }
  if (orders.help) {
    console.log(usage(all));
    return 0;
  }
  console.log(`seed ${orders.seed}`);
  const failed = [];
  for (const each of orders.chosen) {
    const report = await run(each, orders);
    if (!print(each, report, orders)) failed.push(each.target.name);
    if (!orders.write) continue;
    if (report.failure === undefined) writeCorpus(each.corpus, each.target, report.corpus);
    else if (report.inputs > 0) keepFinding(each, report.failure.input);
  }
  console.log(failed.length === 0 ? "all is well" : `failed: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}

process.exit(await main());
