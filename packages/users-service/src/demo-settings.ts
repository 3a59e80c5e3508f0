import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { CallError, Status } from "@callwire/client-sdk/users";
import type { ClientOptions } from "@callwire/client-sdk";
import { checkPem, didYouMean, nearestName } from "@callwire/transport";

/** A setting of the demo is wrong; the message names it. */
export class DemoSettingError extends Error {
  override name = "DemoSettingError";
}

const flags = {
  token: { type: "string" },
  "token-file": { type: "string" },
  tls: { type: "boolean" },
  "tls-ca": { type: "string" },
  "tls-cert": { type: "string" },
  "tls-key": { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** The text of `--help`. */
export const demoHelp = `Walks through every call of a running users service.

  npm run demo [-- <host:port> [flags]]

  <host:port>
        where the service listens; default: 127.0.0.1:50051
  --token <token>
        the token to call with; CALLWIRE_TOKEN is better, since a process list shows flags
  --token-file <file>
        a file with the token, or the service's own --tokens-file, of which the first token is taken
  --tls
        speak TLS to a service whose certificate a well-known authority signed
  --tls-ca <file>
        speak TLS, and trust the authorities of this file (PEM)
  --tls-cert <file>, --tls-key <file>
        the client's own certificate and key, for a service with --tls-client-ca (PEM)
  --help
        print this
`;

/**
 * Reads the demo's settings.
 *
 * @throws {DemoSettingError} at the first that is wrong.
 */
export function readDemoSettings(
  args: readonly string[],
  env: Readonly<NodeJS.ProcessEnv>,
): ClientOptions | "help" {
  const { values, positionals } = parse(args);
  if (values.help === true) return "help";
  if (positionals.length > 1)
    throw new DemoSettingError(`'${positionals[1]}' is one address too many; --help says more`);
  const pem = (flag: "tls-ca" | "tls-cert" | "tls-key") => {
    const path = values[flag];
    return path === undefined ? undefined : read(flag, path);
  };
  const files = { ca: pem("tls-ca"), cert: pem("tls-cert"), key: pem("tls-key") };
  const name = (flag: string) => `--${flag} (${values[flag as keyof typeof values]})`;
  try {
    checkPem(files, { ca: name("tls-ca"), cert: name("tls-cert"), key: name("tls-key") });
  } catch (error) {
    throw new DemoSettingError((error as Error).message, { cause: error });
  }
  if ((files.cert === undefined) !== (files.key === undefined)) {
    throw new DemoSettingError("--tls-cert and --tls-key go together");
  }
  const secure = values.tls === true || Object.values(files).some((file) => file !== undefined);
  const given = Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined));
  const token = tokenOf(values, env);
  return {
    address: positionals[0] ?? "127.0.0.1:50051",
    ...(token !== undefined && { token }),
    ...(secure && { tls: Object.keys(given).length > 0 ? given : (true as const) }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const flag = /'-*(.*?)'/.exec(message)?.[1] ?? "";
    const text =
      code === "ERR_PARSE_ARGS_UNKNOWN_OPTION"
        ? `there is no flag --${flag}${hintFor(flag)}`
        : message.split("\n")[0];
    throw new DemoSettingError(`${text}; --help lists all`, { cause: error });
  }
}

/** The end of an error of a flag that there is not: the service's own `--address` is none of the demo's. */
function hintFor(flag: string): string {
  return nearestName(flag, ["address", "host", "port", "target"], 2) === undefined
    ? didYouMean(flag, Object.keys(flags)).replace("'", "'--")
    : "; the address stands alone, as in 'npm run demo -- 127.0.0.1:50051'";
}

function tokenOf(
  { token, "token-file": path }: { token?: string; "token-file"?: string },
  env: Readonly<NodeJS.ProcessEnv>,
): string | undefined {
  if (token !== undefined) return token;
  if (path === undefined) return env["CALLWIRE_TOKEN"] || undefined;
  const lines = read("token-file", path).toString("utf8").split(/\r?\n/);
  const first = lines.find((line) => line.trim() !== "" && !line.startsWith("#"));
  // The service's own file has the subject before each token.
  const found = first?.trim().split(/\s+/).at(-1);
  if (found === undefined) throw new DemoSettingError(`--token-file: ${path} has no token`);
  return found;
}

function read(flag: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new DemoSettingError(`--${flag}: ${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Pure: why the demo could not call, and the next step. */
export function explain({ code, message }: CallError, args: readonly string[]): string {
  if (code === Status.UNAVAILABLE) {
    return `no users service could be called: ${message}\nStart one with 'npm start', or give its address and, for TLS, --tls-ca: see --help.`;
  }
  if (code === Status.UNIMPLEMENTED) {
    return `${message}\nWhat listens there is no users service, or an older one. Give the address of one: see --help.`;
  }
  if (code !== Status.UNAUTHENTICATED) return message;
  const given = args.some((arg) => arg.startsWith("--token"));
  return `${message}\nThe service wants ${given ? "another" : "a"} token: put one of its --tokens-file into CALLWIRE_TOKEN, or give --token-file.`;
}
