import { create, createFileRegistry, type DescMessage, type FileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema, type FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { createRegistry, type Extension, type MessageType } from "@callwire/protobuf";
import { compile, describeContracts, generateModules, type Exports } from "./generate-and-compile.js";
import { randomContract, type Contract, type Syntax } from "./random-contract.js";
import { Random } from "./random.js";

/** A message of ours. */
export type Plain = Record<string, unknown>;

/** What the plugin made of all contracts, with one set of options. */
export interface Generated {
  /** The exports of the modules, by their paths. */
  modules: ReadonlyMap<string, Exports>;
  /** The types of messages, by their full names. */
  types: ReadonlyMap<string, MessageType<Plain>>;
  extensions: readonly Extension<object, unknown>[];
  registry: ReturnType<typeof createRegistry>;
}

/** Contracts, described and compiled. Disposing of them removes what was compiled. */
export interface Suite extends Disposable {
  files: readonly FileDescriptorProto[];
  registry: FileRegistry;
  /** The types of messages of the contracts, without those of protobuf itself. */
  types: readonly DescMessage[];
  load(options: string): Promise<Generated>;
}

/** Compiles what the plugin makes of contracts, with each of the sets of options. */
export function compileContracts(
  contracts: Readonly<Record<string, string>>,
  options: readonly string[],
): Suite {
  return compileFiles(describeContracts(contracts), options);
}

/** The same for contracts that are described already. */
export function compileFiles(files: readonly FileDescriptorProto[], options: readonly string[]): Suite {
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...files] }));
  const modules = options.map((parameter) => generateModules(files, parameter));
  const compiled = compile(
    new Map(
      modules.flatMap((made, index) =>
        Array.from(made, ([path, text]) => [`o${index}/${path}`, text] as const),
      ),
    ),
  );
  return {
    files,
    registry,
    types: [...registry]
      .filter((type) => type.kind === "message")
      .filter(({ typeName }) => !typeName.startsWith("google.")),
    async load(parameter) {
      const index = options.indexOf(parameter);
      const loaded = new Map<string, Exports>();
      for (const path of modules[index]!.keys()) loaded.set(path, await compiled.load(`o${index}/${path}`));
      return generated(loaded);
    },
    [Symbol.dispose]: () => compiled[Symbol.dispose](),
  };
}

function generated(modules: ReadonlyMap<string, Exports>): Generated {
  // An index exports what others do.
  const all = [...new Set([...modules.values()].flatMap((exported) => Object.values(exported)))];
  const types = all.filter((each) => typeof each === "object" && Object.hasOwn(each, "typeName"));
  const extensions = all.filter(
    (each) => typeof each === "object" && Object.hasOwn(each, "extendee"),
  ) as unknown as Extension<object, unknown>[];
  return {
    modules,
    types: new Map(types.map((type) => [type.typeName, type])),
    extensions,
    registry: createRegistry(...types, ...extensions),
  };
}

/** Random contracts and their messages of the uppermost kind. */
export interface RandomSuite extends Suite {
  contracts: readonly Contract[];
}

/** Makes contracts, one of each syntax, that import those before them. */
export function randomSuite(
  seed: number,
  syntaxes: readonly Syntax[],
  options: readonly string[],
): RandomSuite {
  const random = new Random(seed);
  const contracts: Contract[] = [];
  for (const [index, syntax] of syntaxes.entries()) {
    contracts.push(randomContract(random, syntax, `r${index}`, contracts.slice(-2)));
  }
  const suite = compileContracts(
    Object.fromEntries(contracts.map(({ path, text }) => [path, text])),
    options,
  );
  const types = suite.types.filter(({ typeName }) => /^r\d+\.(?:M\d|Deep)$/.test(typeName));
  return { ...suite, contracts, types };
}
