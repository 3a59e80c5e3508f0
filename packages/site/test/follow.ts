import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { blocksOf, commandsOf, isAsShown, type Command } from "./markdown.js";
import { root } from "./pages.js";

/** Runs a command in another way than a shell does, or not at all: true if it did. */
export type Instead = (command: string, folder: string) => boolean;

/** How pages are followed. */
export interface Following {
  /** Default: a shell runs all commands. */
  instead?: Instead;
  /** More of the environment. Default: nothing. */
  settings?: NodeJS.ProcessEnv;
  /** The command after which a reader has the page before them, in the folder that it leads to. Default: none. */
  before?: (page: string) => string | undefined;
}

/** The environment of a reader, beside what this process has. */
const reader: NodeJS.ProcessEnv = {
  // A service takes a free port; the pages after it find it there.
  ADDRESS: "127.0.0.1:0",
  GIT_AUTHOR_NAME: "Reader",
  GIT_AUTHOR_EMAIL: "reader@example.com",
  GIT_COMMITTER_NAME: "Reader",
  GIT_COMMITTER_EMAIL: "reader@example.com",
};

/**
 * Does what pages say, one after another, each in an empty folder: writes their files, runs their commands, and compares what they
 * show of their output. What a page leaves running ends with the last one.
 *
 * @param pages Their paths in the repository.
 * @throws {Error} that names the line whose command fails, or whose output is another one.
 */
export async function followAll(
  pages: readonly string[],
  { instead = () => false, settings = {}, before = () => undefined }: Following = {},
): Promise<void> {
  const base = mkdtempSync(join(tmpdir(), "callwire-docs-"));
  const env = { ...process.env, ...reader, ...settings };
  const running: ChildProcess[] = [];
  try {
    for (const [index, page] of pages.entries()) {
      const folder = join(base, `reader-${index}`);
      mkdirSync(folder);
      await follow(page, { folder, env, running, instead, before: before(page) });
    }
  } finally {
    for (const child of running) await end(child);
    rmSync(base, { recursive: true });
  }
}

interface Reading {
  /** The folder in which the reader begins. */
  folder: string;
  env: NodeJS.ProcessEnv;
  running: ChildProcess[];
  instead: Instead;
  before: string | undefined;
}

async function follow(
  page: string,
  { folder: begin, env, running, instead, before }: Reading,
): Promise<void> {
  let folder = begin;
  let output = "";
  if (before !== undefined)
    ({ folder } = await run({ text: before, comment: "", line: 0 }, page, folder, env));
  for (const block of blocksOf(readFileSync(join(root, page), "utf8"))) {
    if (block.file !== undefined) {
      const path = join(folder, block.file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, block.code);
    } else if (block.language === "sh") {
      for (const command of commandsOf(block)) {
        const place = `${page}:${command.line}`;
        if (instead(command.text, folder)) continue;
        if (/^(leave it running|serves on )/.test(command.comment))
          running.push(await leave(command, place, folder, env));
        else ({ output, folder } = await run(command, place, folder, env));
      }
    } else if (block.language === "text" && !isAsShown(output, block.code)) {
      throw new Error(
        `${page}:${block.line} shows\n${block.code}\nand the command before it prints\n${output}`,
      );
    }
  }
}

/** Ends what a shell has started, and the shell. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  process.kill(-child.pid!, "SIGTERM");
  await closed;
}

/** Runs a command to its end. One whose comment says "fails" must. */
async function run(
  { text, comment }: Command,
  place: string,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<{ output: string; folder: string }> {
  // What is left running has another port than the one that pages name.
  const there = text.replace("localhost:50051", env["ADDRESS"] ?? "");
  const shell = spawn("sh", ["-c", `${there}\nstatus=$?\npwd >&3\nexit $status`], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const texts = ["", "", "", ""];
  for (const stream of [1, 2, 3] as const) {
    shell.stdio[stream]?.on("data", (bytes: Buffer) => (texts[stream] += bytes.toString()));
  }
  const [code] = (await once(shell, "close")) as [number | null];
  const [, stdout = "", stderr = "", ended = ""] = texts;
  if ((code !== 0) !== (comment === "fails")) {
    throw new Error(`${place}: '${text}' ends with ${code}\n${stdout}${stderr}`);
  }
  return { output: stdout, folder: ended.trim() };
}

/** Starts a service, and waits for the line that says where it listens: `ADDRESS` says so to what comes after. */
async function leave(
  { text }: Command,
  place: string,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<ChildProcess> {
  const child = spawn("sh", ["-c", text], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  const port = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (bytes: Buffer) => {
        output += bytes.toString();
        const found = /"port":(\d+).*"msg":"listening"/.exec(output)?.[1];
        if (found !== undefined) resolve(found);
      });
    }
    child.once("close", () => reject(new Error(`${place}: '${text}' has ended\n${output}`)));
  });
  env["ADDRESS"] = `127.0.0.1:${port}`;
  return child;
}
