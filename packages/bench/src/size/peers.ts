import { existsSync } from "node:fs";
import { join } from "node:path";

/** One plugin whose code is measured. */
export interface SizePeer {
  name: string;
  plugin: string;
  options: readonly string[];
  /** True if it makes the well-known types that a contract imports; the others' runtimes have them. */
  includesWellKnown: boolean;
  /** A program that encodes and decodes one message, of a module that ends with `.js` or `_pb.js`. */
  program(module: string, message: string): string;
}

const bin = join(import.meta.dirname, "../../node_modules/.bin");

const typeProgram: SizePeer["program"] = (module, message) =>
  `import { ${message} } from "${module}.js";
export const encode = (message) => ${message}.encode(message).finish();
export const decode = (bytes) => ${message}.decode(bytes);
`;

/** The plugins, ts-proto with the options that this project had. */
export const sizePeers: readonly SizePeer[] = [
  {
    name: "ts-proto",
    plugin: join(bin, "protoc-gen-ts_proto"),
    options: [
      "outputServices=generic-definitions",
      "outputIndex=true",
      "esModuleInterop=true",
      "importSuffix=.js",
      "env=both",
      "useExactTypes=false",
      "useDate=true",
      "forceLong=bigint",
      "enumsAsLiterals=true",
      "unrecognizedEnum=false",
      "oneof=unions-value",
      "useMapType=true",
      "snakeToCamel=keys,json",
    ],
    includesWellKnown: true,
    program: typeProgram,
  },
  {
    name: "protobuf-es",
    plugin: join(bin, "protoc-gen-es"),
    options: ["target=ts", "import_extension=js"],
    includesWellKnown: false,
    program: (module, message) =>
      `import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { ${message}Schema } from "${module}_pb.js";
export const encode = (message) => toBinary(${message}Schema, message);
export const decode = (bytes) => fromBinary(${message}Schema, bytes);
`,
  },
  {
    name: "callwire",
    plugin: join(bin, "protoc-gen-callwire"),
    options: [],
    includesWellKnown: true,
    program: typeProgram,
  },
  {
    name: "callwire, ts_nocheck",
    plugin: join(bin, "protoc-gen-callwire"),
    options: ["ts_nocheck=true"],
    includesWellKnown: true,
    program: typeProgram,
  },
];

/** The reason why a peer cannot be measured; undefined if it can be. */
export function absence({ plugin }: SizePeer): string | undefined {
  if (!existsSync(plugin)) return `${plugin} is not installed`;
  const built = join(import.meta.dirname, "../../../codegen/dist/main.js");
  return plugin.endsWith("callwire") && !existsSync(built) ? "packages/codegen is not built" : undefined;
}
