import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs commands one after another in one project that has nothing else. @throws {Error} with the output of one that fails. */
export async function runAlone(
  commands: readonly { text: string; place: string }[],
  settings: NodeJS.ProcessEnv,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "callwire-install-"));
  try {
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "reader", private: true }));
    for (const { text, place } of commands) {
      // Without a lockfile there is nothing for it to check.
      if (text === "npm ci" && !existsSync(join(folder, "package-lock.json"))) continue;
      const shell = spawn("sh", ["-c", text], {
        cwd: folder,
        env: { ...process.env, ...settings },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      for (const stream of [shell.stdout, shell.stderr]) {
        stream.on("data", (bytes: Buffer) => (output += bytes.toString()));
      }
      const [code] = (await once(shell, "close")) as [number | null];
      if (code !== 0) throw new Error(`${place}: '${text}' ends with ${code}\n${output}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
