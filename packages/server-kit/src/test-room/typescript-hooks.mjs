// Lets a child process of a test run the TypeScript sources: `node --import ./typescript-hooks.mjs main.ts`.
import { readFile } from "node:fs/promises";
import { register } from "node:module";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import { transform } from "@swc/core";

if (isMainThread) register(import.meta.url);

/** Sources import each other as the `.js` that they become, and examples the package by its name. */
export async function resolve(specifier, context, next) {
  const entry = /^@callwire\/server-kit(?:\/(.+))?$/.exec(specifier);
  if (entry !== null) return next(new URL(`../${entry[1] ?? "index"}.ts`, import.meta.url).href, context);
  const own = specifier.startsWith(".") && context.parentURL?.endsWith(".ts");
  return next(own ? specifier.replace(/\.js$/, ".ts") : specifier, context);
}

/** Strips the types. */
export async function load(url, context, next) {
  if (!url.endsWith(".ts")) return next(url, context);
  const { code } = await transform(await readFile(fileURLToPath(url), "utf8"), {
    jsc: { target: "es2022", parser: { syntax: "typescript" } },
    module: { type: "es6" },
  });
  return { format: "module", source: code, shortCircuit: true };
}
