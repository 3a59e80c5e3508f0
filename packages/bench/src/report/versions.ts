import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { bunVersion } from "../run/bun.js";
import { goVersions } from "../run/go-programs.js";

/** Everything that carries calls or has a part in the features beside them. */
const packages = [
  "@callwire/transport",
  "nice-grpc",
  "nice-grpc-client-middleware-retry",
  "nice-grpc-client-middleware-deadline",
  "@grpc/grpc-js",
  "@connectrpc/connect",
  "@callwire/protobuf",
  "@bufbuild/protobuf",
  "ts-proto",
  "protobufjs",
  "pbf",
  "fastify",
  "undici",
  "pino",
  "hono",
  "@hono/node-server",
  "elysia",
];

/** The versions of what a run measures, and of what runs it, by name; without what is not installed. */
export function versions(): Record<string, string> {
  const found = packages.map((name) => [name, versionOf(name)] as const);
  return Object.fromEntries(
    [["node", process.version], ...found, ["bun", bunVersion()], ...Object.entries(goVersions())].filter(
      ([, version]) => version !== undefined,
    ),
  ) as Record<string, string>;
}

function versionOf(name: string): string | undefined {
  // Not all of them export their package.json: it is looked for above whatever they do export.
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    try {
      const manifest = readFileSync(join(folder, name, "package.json"), "utf8");
      return (JSON.parse(manifest) as { version: string }).version;
    } catch {
      // It is in another folder.
    }
  }
  return undefined;
}
