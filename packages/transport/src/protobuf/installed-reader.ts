import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { TsProtoReader } from "./ts-proto-reader.js";

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
    const path = fileURLToPath(import.meta.resolve("@bufbuild/protobuf/wire"));
    const { BinaryReader } = createRequire(import.meta.url)(path) as { BinaryReader: { prototype: object } };
    TsProtoReader.standInFor(BinaryReader);
    return true;
  } catch {
    // It is not installed, or this program is a bundle: such types are used as they are.
    return false;
  }
}
