import { create, createFileRegistry, type DescMessage, type FileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema, type FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { createRegistry, type Extension } from "@callwire/protobuf";
import {
  compile,
  describeContracts,
  generateModules,
  type Compiled,
  type Exports,
} from "./generate-and-compile.js";
import { randomContract, type Contract, type Syntax } from "./random-contract.js";
import { Random } from "./random.js";

/** What the plugin made of all contracts, with one set of options. */
export interface Generated {
  /** The exports of the modules, by the packages of their contracts. */
  modules: ReadonlyMap<string, Exports>;
  registry: ReturnType<typeof createRegistry>;
  extensions: readonly Extension<object, unknown>[];
}

/** Random contracts, described and compiled. Disposing of them removes what was compiled. */
export interface RandomSuite extends Disposable {
  contracts: readonly Contract[];
  files: readonly FileDescriptorProto[];
  registry: FileRegistry;
  /** The types of messages that a test makes messages of. */
  types: readonly DescMessage[];
  load(options: string): Promise<Generated>;
}

/** Makes contracts, one of each syntax, that import those before them, and compiles what the plugin makes of them. */
export function makeSuite(
  seed: number,
  syntaxes: readonly Syntax[],
  options: readonly string[],
): RandomSuite {
  const random = new Random(seed);
  const contracts: Contract[] = [];
  for (const [index, syntax] of syntaxes.entries()) {
    contracts.push(randomContract(random, syntax, `r${index}`, contracts.slice(-2)));
  }
  const files = describeContracts(Object.fromEntries(contracts.map(({ path, text }) => [path, text])));
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: files }));
  const modules = options.flatMap((parameter, index) =>
    Array.from(generateModules(files, parameter), ([path, text]) => [`o${index}/${path}`, text] as const),
  );
  const compiled = compile(new Map(modules));
  return {
    contracts,
    files,
    registry,
    types: [...registry].filter(
      (type) => type.kind === "message" && /^r\d+\.(?:M\d|Deep)$/.test(type.typeName),
    ) as DescMessage[],
    load: (parameter) => load(compiled, contracts, options.indexOf(parameter)),
    [Symbol.dispose]: () => compiled[Symbol.dispose](),
  };
}

async function load(compiled: Compiled, contracts: readonly Contract[], index: number): Promise<Generated> {
  const modules = new Map<string, Exports>();
  for (const contract of contracts) {
    modules.set(contract.package, await compiled.load(`o${index}/${contract.package}.ts`));
  }
  const all = [...modules.values()].flatMap((exported) => Object.values(exported));
  const types = all.filter((each) => typeof each === "object" && "typeName" in each);
  const extensions = all.filter(
    (each) => typeof each === "object" && "extendee" in each,
  ) as unknown as Extension<object, unknown>[];
  return { modules, extensions, registry: createRegistry(...types, ...extensions) };
}
