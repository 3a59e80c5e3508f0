import { spawnSync } from "node:child_process";

/** A proxy that stands in front of gRPC servers. */
export interface ProxyProgram {
  name: "nginx" | "haproxy" | "Caddy" | "nghttpx" | "Apache";
  /** The package of Debian that has it. */
  debianPackage: string;
  /** Shows its version. */
  version: readonly [command: string, ...args: string[]];
  /** A file of `packages/interop/proxies` for each process, as the docs show them. */
  files: readonly string[];
  /** The command that runs it in the foreground, in the folder of its files. */
  run: (file: string, folder: string) => readonly [command: string, ...args: string[]];
  /** Makes it read its file again without the loss of calls. */
  reload: NodeJS.Signals | ((file: string) => readonly [command: string, ...args: string[]]);
}

const programs: readonly ProxyProgram[] = [
  {
    name: "nginx",
    debianPackage: "nginx-light",
    version: ["nginx", "-v"],
    files: ["nginx.conf"],
    run: (file, folder) => ["nginx", "-p", folder, "-c", file, "-e", "nginx.log", "-g", "daemon off;"],
    reload: "SIGHUP",
  },
  {
    name: "haproxy",
    debianPackage: "haproxy",
    version: ["haproxy", "-v"],
    files: ["haproxy.cfg"],
    run: (file) => ["haproxy", "-W", "-f", file],
    reload: "SIGUSR2",
  },
  {
    name: "Caddy",
    debianPackage: "caddy",
    version: ["caddy", "version"],
    files: ["Caddyfile"],
    run: (file) => ["caddy", "run", "--config", file],
    reload: (file) => ["caddy", "reload", "--config", file],
  },
  {
    name: "nghttpx",
    debianPackage: "nghttp2-proxy",
    version: ["nghttpx", "--version"],
    files: ["nghttpx.conf", "nghttpx-tls.conf"],
    run: (file, folder) => ["nghttpx", `--conf=${folder}/${file}`],
    reload: "SIGHUP",
  },
  {
    name: "Apache",
    debianPackage: "apache2",
    version: ["apache2", "-v"],
    files: ["apache.conf"],
    run: (file, folder) => ["apache2", "-d", folder, "-f", file, "-DFOREGROUND"],
    reload: "SIGUSR1",
  },
];

/** Debian has some of them where only the administrator's PATH leads. */
export const programEnv = { PATH: `${process.env["PATH"]}:/usr/sbin` };

const runs = ([command, ...args]: ProxyProgram["version"]) =>
  spawnSync(command, args, { env: { ...process.env, ...programEnv } }).status === 0;

/** The proxies that this machine has, and those that it lacks. */
export const installed: readonly ProxyProgram[] = programs.filter(({ version }) => runs(version));
export const missing: readonly ProxyProgram[] = programs.filter((program) => !installed.includes(program));
