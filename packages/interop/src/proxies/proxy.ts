import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { testCertificates } from "@callwire/testkit";
import { runWell, start, type Running } from "../run.js";
import { temporaryFolder } from "../temporary-folder.js";
import { freePorts } from "./free-ports.js";
import { programEnv, type ProxyProgram } from "./programs.js";

/** The way from the caller over the proxy to the server. */
export type Link = "clear" | "TLS to clear" | "TLS to TLS";
export const links: readonly Link[] = ["clear", "TLS to clear", "TLS to TLS"];

/** The ports that the files name: where the proxy listens, by link, and its own for administration. */
const FRONT_PORTS = { clear: 8080, "TLS to clear": 8443, "TLS to TLS": 8444 } as const;
const ADMIN_PORT = 2019;
/** The ports that the files name for the servers behind it. */
const CLEAR_BACK_PORTS = [50051, 50052] as const;
const TLS_BACK_PORT = 50061;

/** The time that a proxy has to end before it is killed, in milliseconds. */
const END_MS = 500;

const SOURCE = fileURLToPath(new URL("../../proxies", import.meta.url));

/** The certificates of this run: of the proxies and of the servers behind them. */
export const certificates = await testCertificates();

/** Settings of {@link startProxy}. */
export interface ProxyOptions {
  /** The ports of one or two servers in clear text. One server stands in both places. */
  clear: readonly number[];
  /** The port of a server over TLS. Default: nobody listens there. */
  tls?: number;
  /** Texts of the configuration to replace, each with its replacement. */
  settings?: Readonly<Record<string, string>>;
}

/** A proxy that runs. Disposing of it ends it with all its processes. */
export interface Proxy extends AsyncDisposable {
  readonly name: ProxyProgram["name"];
  /** The options of a client that calls through it. */
  client(link: Link): { address: string; tls?: { ca: string } };
  /** The port at which it takes calls. */
  port(link: Link): number;
  /** Makes it read its configuration again. */
  reload(): Promise<void>;
}

/** Starts a proxy in a folder of its own, on free ports; resolves when it takes connections. */
export async function startProxy(
  program: ProxyProgram,
  { clear, tls, settings = {} }: ProxyOptions,
): Promise<Proxy> {
  const folder = temporaryFolder();
  const [first = 0, second = 0, third = 0, admin = 0, nobody = 0] = await freePorts(5);
  const fronts = { clear: first, "TLS to clear": second, "TLS to TLS": third };
  const ports = new Map<number, number>([
    ...links.map((link) => [FRONT_PORTS[link], fronts[link]] as const),
    ...CLEAR_BACK_PORTS.map((port, index) => [port, clear[index] ?? clear[0] ?? nobody] as const),
    [TLS_BACK_PORT, tls ?? nobody],
    [ADMIN_PORT, admin],
  ]);
  writeFiles(folder.path, program, ports, settings);

  // The system ends it with this process, whatever becomes of that.
  const processes = program.files.map((file) =>
    start("setpriv", ["--pdeathsig", "SIGTERM", "--", ...program.run(file, folder.path)], {
      cwd: folder.path,
      withChildren: true,
      env: { ...programEnv, HOME: folder.path, XDG_DATA_HOME: folder.path, XDG_CONFIG_HOME: folder.path },
    }),
  );
  const dispose = async () => {
    // Those that can end in time wait for their workers.
    for (const { child } of processes) child.kill("SIGTERM");
    const ended = Promise.all(processes.map(({ outcome }) => outcome));
    await Promise.race([ended, wait(END_MS, undefined, { ref: false })]);
    await Promise.all(processes.map((running) => running[Symbol.asyncDispose]()));
    folder[Symbol.dispose]();
  };
  try {
    const ended = Promise.race(processes.map((running) => endsTooSoon(running, folder.path)));
    ended.catch(() => {});
    for (const port of Object.values(fronts)) await listens(port, ended);
  } catch (error) {
    await dispose();
    throw error;
  }

  return {
    name: program.name,
    port: (link) => fronts[link],
    client: (link) =>
      link === "clear"
        ? { address: `127.0.0.1:${fronts[link]}` }
        : { address: `localhost:${fronts[link]}`, tls: { ca: certificates.ca } },
    async reload() {
      const { reload } = program;
      for (const [index, { child }] of processes.entries()) {
        if (typeof reload === "string") child.kill(reload);
        else {
          const [command, ...args] = reload(program.files[index]!);
          await runWell(command, args, { cwd: folder.path, env: { ...programEnv, HOME: folder.path } });
        }
      }
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** Proxies that run side by side. Disposing of them ends all. */
export type Proxies = readonly Proxy[] & AsyncDisposable;

/** Starts several proxies; none runs if one fails. */
export async function startProxies(
  programs: readonly ProxyProgram[],
  options: (program: ProxyProgram) => ProxyOptions,
): Promise<Proxies> {
  const starts = await Promise.allSettled(programs.map((program) => startProxy(program, options(program))));
  const proxies = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
  const dispose = async () => {
    await Promise.all(proxies.map((proxy) => proxy[Symbol.asyncDispose]()));
  };
  const failed = starts.find((start) => start.status === "rejected");
  if (failed) {
    await dispose();
    throw failed.reason;
  }
  return Object.assign(proxies, { [Symbol.asyncDispose]: dispose });
}

/** The proxy's files with this run's ports and settings, and the certificates that they name. */
function writeFiles(
  folder: string,
  { files }: ProxyProgram,
  ports: ReadonlyMap<number, number>,
  settings: Readonly<Record<string, string>>,
): void {
  // Its workers may be another user's.
  chmodSync(folder, 0o755);
  const certs = join(folder, "certs");
  mkdirSync(certs);
  const { ca, server } = certificates;
  writeFileSync(join(certs, "ca.pem"), ca);
  writeFileSync(join(certs, "server.pem"), server.cert);
  writeFileSync(join(certs, "server.key"), server.key);
  writeFileSync(join(certs, "server-and-key.pem"), `${server.cert}\n${server.key}`);
  for (const file of files) {
    let text = readFileSync(join(SOURCE, file), "utf8");
    for (const [from, to] of Object.entries(settings)) {
      if (!text.includes(from)) throw new Error(`${file} has no '${from}'`);
      text = text.replaceAll(from, to);
    }
    text = text.replaceAll(/(?<=[:,])\d+\b/g, (port) => String(ports.get(Number(port)) ?? port));
    writeFileSync(join(folder, file), text);
  }
}

/** Resolves when somebody listens there; throws if what should listen has ended. */
async function listens(port: number, ended: Promise<never>): Promise<void> {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return;
    } catch {
      await Promise.race([wait(10), ended]);
    } finally {
      socket.destroy();
    }
  }
}

/** Throws when a proxy ends, with what it wrote and logged. */
async function endsTooSoon({ outcome, child }: Running, folder: string): Promise<never> {
  const { code, stdout, stderr } = await outcome;
  const logs = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".log")) : [];
  const logged = logs.map((name) => readFileSync(join(folder, name), "utf8")).join("");
  throw new Error(`${child.spawnargs.join(" ")}: exit code ${code}\n${stdout}${stderr}${logged}`);
}
