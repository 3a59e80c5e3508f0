import { readFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema, CodeGeneratorResponseSchema } from "@bufbuild/protobuf/wkt";
import { generate } from "./plugin.js";

const NAME = "protoc-gen-callwire";

/**
 * Runs the plugin: reads a request from standard input, as protoc and buf send it, and answers on standard output. With `--version` it
 * prints its version. What is no request ends with a line on standard error, and the exit code 1.
 */
export async function run(): Promise<void> {
  const [argument] = process.argv.slice(2);
  if (argument === "--version" || argument === "-v") {
    const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
    console.log(`${NAME} ${(JSON.parse(manifest) as { version: string }).version}`);
    return;
  }
  try {
    if (argument !== undefined)
      throw new Error(`no argument "${argument}": protoc and buf run it, as a plugin`);
    const request = fromBinary(CodeGeneratorRequestSchema, await buffer(process.stdin));
    const response = generate(request, (line) => console.error(`${NAME}: ${line}`));
    process.stdout.write(toBinary(CodeGeneratorResponseSchema, response));
  } catch (error) {
    console.error(`${NAME}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
