import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ProductArgument } from "../peers/product/argument.js";
import type { ServerSettings } from "../service/serve.js";
import { builtProgram } from "./built.js";
import type { Program } from "./programs.js";

/** The runtime that carries the product's calls. */
export type RuntimeName = "transport" | "nice-grpc";

/** A built checkout of the project. */
export interface Checkout {
  /** Where its packages are. */
  packages: string;
  /** The folder of its users service. */
  service: string;
}

/** This checkout, or the one in a folder. */
export function checkout(folder?: string): Checkout {
  const service =
    folder === undefined
      ? dirname(fileURLToPath(import.meta.resolve("@callwire/users-service/package.json")))
      : join(folder, "packages/users-service");
  return { service, packages: dirname(service) };
}

/** The programs of the product: the users service as `npm start` runs it, and the SDK's users client. */
export function productPrograms(from: Checkout, runtime: RuntimeName): ProductPrograms {
  return {
    server: [
      process.execPath,
      "--expose-gc",
      "--import",
      pathToFileURL(builtProgram("peers", "product", "control.js")).href,
      join(from.service, "dist/main.js"),
    ],
    serverArguments: (settings) => serverArguments(settings, runtime),
    client: [process.execPath, "--expose-gc", builtProgram("peers", "product", "client.js")],
    clientArgument: JSON.stringify(clientArgument(from, runtime)),
  };
}

export interface ProductPrograms {
  server: Program;
  serverArguments: (settings: ServerSettings) => string[];
  client: Program;
  clientArgument: string;
}

/** The service's settings: where it listens, its database and who may call. Everything else is as by default. */
function serverArguments({ tls, full }: ServerSettings, runtime: RuntimeName): string[] {
  if (full === undefined) throw new Error("the product needs a database and tokens");
  return [
    "--address=127.0.0.1:0",
    `--runtime=${runtime}`,
    `--database=${full.database}`,
    `--tokens-file=${full.tokens}`,
    ...(tls === undefined ? [] : [`--tls-cert=${tls.cert}`, `--tls-key=${tls.key}`]),
  ];
}

function clientArgument({ packages }: Checkout, runtime: RuntimeName): ProductArgument {
  const sdk = join(packages, "client-sdk");
  const { exports } = JSON.parse(readFileSync(join(sdk, "package.json"), "utf8")) as {
    exports: Record<string, string | Record<string, string>>;
  };
  const moduleOf = (name: string): string | undefined => {
    const target = exports[name];
    const file = typeof target === "object" ? target["default"] : target;
    return file && pathToFileURL(join(sdk, file)).href;
  };
  const niceGrpc = moduleOf("./nice-grpc");
  // Before issue 14 the users client was in the SDK's root, and a runtime was a module with nice-grpc's exports.
  const transport = pathToFileURL(join(packages, "transport/dist/index.js")).href;
  const old = niceGrpc === undefined && runtime === "transport" ? { module: transport } : undefined;
  const other = runtime === "nice-grpc" && niceGrpc ? { module: niceGrpc, name: "niceGrpc" } : undefined;
  const chosen = old ?? other;
  return {
    sdk: moduleOf("./users") ?? moduleOf(".") ?? "",
    unlimitedUpload: niceGrpc === undefined,
    ...(chosen && { runtime: chosen }),
  };
}
