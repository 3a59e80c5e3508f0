import { readFileSync } from "node:fs";
import { runNodeJs } from "@bufbuild/protoplugin";
import { plugin } from "./plugin.js";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};
/** Runs the plugin: reads a request from standard input, as protoc and buf send it, and answers on standard output. */
export function run(): void {
  runNodeJs(plugin(version));
}
