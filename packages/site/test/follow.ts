import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { blocksOf, commandsOf, isAsShown, type Command } from "./markdown.js";

/** How a page is followed. */
export interface FollowOptions {
  /** The folder in which the reader begins. */
  folder: string;
  /** Beside those of this process. A service that is left running sets `ADDRESS` for the pages after it. */
  env: NodeJS.ProcessEnv;
  /** Runs a command in another way than a shell does, or not at all: true if it did. Default: never. */
  instead?: (command: string, folder: string) => boolean;
}

/** Programs that a page leaves running. Disposing of it ends them. */
export class Running implements AsyncDisposable {
  readonly #children: ChildProcess[] = [];

  add(child: ChildProcess): void {
    this.#children.push(child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      const closed = once(child, "close");
      // The shell and what it started.
      process.kill(-child.pid!, "SIGTERM");
      await closed;
    }
  }
}

/** Does what a page says, in its order: writes its files, runs its commands, and compares what it shows of their output. */
export async function follow(page: string, running: Running, options: FollowOptions): Promise<void> {
  let { folder } = options;
  let output = "";
  for (const block of blocksOf(readFileSync(page, "utf8"))) {
    const place = `${page}:${block.line}`;
    if (block.file !== undefined) {
      const path = join(folder, block.file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, block.code);
    } else if (block.language === "sh") {
      for (const command of commandsOf(block)) {
        if (options.instead?.(command.text, folder) === true) continue;
        if (command.comment === "leave it running") await leave(command, folder, running, options.env);
        else ({ output, folder } = await run(command, folder, page, options.env));
      }
    } else if (block.language === "text" && !isAsShown(output, block.code)) {
      throw new Error(`${place} shows\n${block.code}\nand the command before it prints\n${output}`);
    }
  }
}

/** Runs a command to its end. A comment that says "fails" is as good as its word. */
async function run(
  { text, comment, line }: Command,
  folder: string,
  page: string,
  env: NodeJS.ProcessEnv,
): Promise<{ output: string; folder: string }> {
  const shell = spawn("sh", ["-c", `${text}\nstatus=$?\npwd >&3\nexit $status`], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const texts = ["", "", "", ""];
  for (const stream of [1, 2, 3] as const) {
    shell.stdio[stream]?.on("data", (bytes: Buffer) => (texts[stream] += bytes.toString()));
  }
  const [code] = (await once(shell, "close")) as [number | null];
  const [, stdout = "", stderr = "", place = ""] = texts;
  if ((code !== 0) !== (comment === "fails")) {
    throw new Error(`${page}:${line}: '${text}' ends with ${code}, in ${folder}\n${stdout}${stderr}`);
  }
  return { output: stdout, folder: place.trim() };
}

/** Starts a service, and waits for the line that says where it listens. */
async function leave(
  { text, line }: Command,
  folder: string,
  running: Running,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const child = spawn("sh", ["-c", text], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  running.add(child);
  let output = "";
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (bytes: Buffer) => {
      output += bytes.toString();
      const found = /"port":(\d+).*"msg":"listening"/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once("close", () => reject(new Error(`line ${line}: '${text}' has ended\n${output}`)));
  });
  env["ADDRESS"] = `127.0.0.1:${port}`;
}
