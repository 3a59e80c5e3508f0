import { spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";

/** Leaves the unix socket of a server that was killed at a path. */
export async function leaveDeadSocket(path: string): Promise<void> {
  const program = `net.createServer().listen(process.argv[1], () => console.log("listening"))`;
  const child = spawn(process.execPath, ["-e", program, path], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "close");
  await access(path);
}
