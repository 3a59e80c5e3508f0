import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, start, type Outcome } from "./run.js";
import { temporaryFolder } from "./temporary-folder.js";

const root = new URL(".", import.meta.resolve("@callwire/users-service/package.json"));

/** The service's program, and the demo's. */
export const mainScript = fileURLToPath(new URL("dist/main.js", root));
export const demoScript = fileURLToPath(new URL("dist/demo.js", root));

/** The runtime of the service: the suite runs over each runtime. */
declare const runtimeName: string;

/** Keeps the settings of whoever runs the tests out of them. */
const defaultEnv = {
  ...Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => name.startsWith("CALLWIRE_"))
      .map((name) => [name, undefined]),
  ),
  CALLWIRE_RUNTIME: runtimeName,
};

/** A users service in a process of its own. Disposing of it kills it. */
export interface UsersServiceProcess extends AsyncDisposable {
  /** Where it listens, `host:port`. */
  readonly address: string;
  /** Waits for a line of the log that has this text. */
  logged(text: string): Promise<void>;
  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals): Promise<Outcome>;
}

/**
 * Starts the users service; resolves when it listens. Unless `args` say otherwise, on a free port, over a new database
 * that goes with the process.
 */
export async function startUsersService(
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<UsersServiceProcess> {
  const folder = temporaryFolder();
  const defaults = ["--address", "127.0.0.1:0", "--database", join(folder.path, "users.db")];
  const running = start(process.execPath, [mainScript, ...defaults, ...args], {
    env: { ...defaultEnv, ...env },
  });
  const ended = running.outcome.finally(() => folder[Symbol.dispose]());
  const stop = async (signal: NodeJS.Signals) => {
    running.child.kill(signal);
    return await ended;
  };
  const dispose = async () => void (await stop("SIGKILL"));
  try {
    const address = await running.line((line) => /"address":"([^"]+)".*"msg":"listening"/.exec(line)?.[1]);
    const logged = async (text: string) =>
      void (await running.line((line) => (line.includes(text) ? line : undefined)));
    return { address, logged, stop, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Runs the users service with settings that should not let it start, and waits for its end. */
export async function runUsersService(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  return await run(process.execPath, [mainScript, ...args], { env: { ...defaultEnv, ...env } });
}
