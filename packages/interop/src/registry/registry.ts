import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { runServer } from "verdaccio";
import { runWell } from "../run.js";
import { temporaryFolder } from "../temporary-folder.js";

/** A registry on loopback: it has what is published to it, and gives everything else from npm's registry. */
export interface Registry extends AsyncDisposable {
  /** Its address, with a slash at the end, as npm's `registry` setting takes it. */
  readonly url: string;
  /** The environment in which npm, pnpm and yarn install from it and publish to it, whatever the project says. */
  readonly env: NodeJS.ProcessEnv;
  /**
   * Ends it and removes what was published. Installs that run fail.
   *
   * @returns when its port is free.
   */
  stop(): Promise<void>;
}

/** The names that are published here and are looked for nowhere else. */
const OURS = ["@callwire/*", "create-callwire"];

/**
 * Starts a registry (Verdaccio) on a free port of 127.0.0.1. It asks nobody for a password.
 *
 * Packages that are not ours come from the registry that npm is configured with when this is called.
 *
 * @throws if npm has no registry, or if Verdaccio does not start.
 */
export async function startRegistry(): Promise<Registry> {
  const folder = temporaryFolder();
  const upstream = (await runWell("npm", ["config", "get", "registry"], { cwd: folder.path })).trim();
  const own = { access: "$all", publish: "$all", unpublish: "$all" };
  const storage = join(folder.path, "storage");
  mkdirSync(storage);
  // Caches are by address: a port comes again, this path does not.
  const prefix = `/${randomUUID()}/`;
  const server: Server = await runServer({
    configPath: join(folder.path, "config.yaml"),
    storage,
    url_prefix: prefix,
    web: { enable: false },
    auth: {},
    middlewares: {},
    uplinks: { npm: { url: upstream, timeout: "60s", maxage: "60m" } },
    packages: {
      ...Object.fromEntries(OURS.map((name) => [name, own])),
      "**": { access: "$all", proxy: "npm" },
    },
    log: { type: "file", path: join(folder.path, "log"), level: "warn", format: "json" },
  });
  // Verdaccio names files by this path, and expects a proxy to take it off again.
  server.prependListener("request", (request: IncomingMessage) => {
    request.url = request.url?.replace(prefix, "/");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const host = `//127.0.0.1:${port}${prefix}`;
  const url = `http:${host}`;
  // npm publishes only with a token. Verdaccio takes any where everybody may publish.
  const npmrc = join(folder.path, "npmrc");
  writeFileSync(npmrc, `registry=${url}\n${host}:_authToken=rehearsal\n`);

  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= close(server).finally(() => folder[Symbol.dispose]()));
  const env = {
    npm_config_registry: url,
    npm_config_userconfig: npmrc,
    // As Yarn 4 names them. It leaves out what was published just now, unless somebody approves of it.
    YARN_NPM_REGISTRY_SERVER: url,
    YARN_UNSAFE_HTTP_WHITELIST: "127.0.0.1",
    YARN_NPM_PREAPPROVED_PACKAGES: OURS.join(","),
  };
  return { url, env, stop, [Symbol.asyncDispose]: stop };
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
