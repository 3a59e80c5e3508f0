// Not by name: the usual banner that gives a bundle `require` declares `createRequire`.
import * as nodeModule from "node:module";
import { fileURLToPath } from "node:url";
import { TsProtoReader } from "./ts-proto-reader.js";

const wire = "@bufbuild/protobuf/wire";
let isSought = false;

/**
 * Makes our readers instances of BinaryReader of the @bufbuild/protobuf that is installed beside this package, if one is: what
 * ts-proto generates imports that by default, and takes no other reader. It is looked for once, when a message type is first
 * seen that does not take ours, and loaded as the same module that generated code has.
 *
 * @returns Whether another look at the type is worth it.
 */
export function standInForInstalledReader(): boolean {
  if (isSought) return false;
  isSought = true;
  try {
    const require = nodeModule.createRequire(import.meta.url);
    // As CommonJS, this file has no `import.meta.resolve`, and generated code has what `require` finds.
    const path = typeof import.meta.resolve === "function" ? fileURLToPath(import.meta.resolve(wire)) : wire;
    const { BinaryReader } = require(path) as { BinaryReader: { prototype: object } };
    TsProtoReader.standInFor(BinaryReader);
    return true;
  } catch {
    // It is not installed, or this program is a bundle: such types are used as they are.
    return false;
  }
}
