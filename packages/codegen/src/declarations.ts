import { create, toBinary, type DescFile } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { code, type Code } from "ts-poet";
import { CodeGeneratorRequest } from "ts-proto-descriptors";
import { maybeSnakeToCamel } from "ts-proto/build/src/case.js";
import { createFileContext, type BaseContext } from "ts-proto/build/src/context.js";
import { generateFile, makeUtils } from "ts-proto/build/src/main.js";
import { optionsFromParameter, type Options } from "ts-proto/build/src/options.js";
import { createTypeMap } from "ts-proto/build/src/types.js";
import { indexesOf } from "./indexes.js";
import { lowerFile, loweredName } from "./lower-file.js";
import type { CodegenOptions } from "./options.js";
import { findOtherMembers, findOtherNames, freeName, type Member } from "./safe-names.js";

const oneofs = { union: "unions-value", properties: "properties" };

/** The options of ts-proto under which what it declares is what our code is for. */
export function tsProtoOptions(options: CodegenOptions): Options {
  const given = {
    outputServices: "none",
    outputEncodeMethods: false,
    outputJsonMethods: false,
    outputPartialMethods: false,
    esModuleInterop: true,
    importSuffix: importSuffix(options),
    env: "both",
    useExactTypes: false,
    useDate: options.timestamp === "date" ? "true" : "false",
    forceLong: options.int64,
    // Enums are open, as proto3 has them: a const object and the union of its numbers; an unknown number passes.
    enumsAsLiterals: true,
    unrecognizedEnum: false,
    oneof: oneofs[options.oneof],
    useMapType: options.map === "map",
    outputIndex: options.index,
  };
  return optionsFromParameter(
    Object.entries(given)
      .map(([name, value]) => `${name}=${value}`)
      .join(","),
  );
}

export function importSuffix(options: CodegenOptions): string {
  return options.import_suffix === "none" ? "" : options.import_suffix;
}

type FileDescriptor = CodeGeneratorRequest["protoFile"][number];

/** What ts-proto makes of files: message types and enums. */
export class Declarations {
  readonly #context: BaseContext;
  readonly #files: ReadonlyMap<string, FileDescriptor>;

  readonly #otherNames: ReadonlyMap<string, string>;
  readonly #otherMembers: ReadonlyMap<Member, string>;
  /** The names of constants, by their modules. */
  readonly #constants = new Map<string, Set<string>>();

  /** @param files In an order in which a file follows those that it imports. */
  constructor(files: readonly DescFile[], options: CodegenOptions) {
    const tsOptions = tsProtoOptions(options);
    this.#otherNames = findOtherNames(files, (name, around) => around + maybeSnakeToCamel(name, tsOptions));
    this.#otherMembers = findOtherMembers(
      files,
      (name) => maybeSnakeToCamel(name, tsOptions),
      options.oneof === "union",
    );
    const protoFile = files.map((file) => lowerFile(file, this.#otherNames, this.#otherMembers));
    for (const file of protoFile) file.name = tsProtoPath(file.name);
    const request = create(CodeGeneratorRequestSchema, { protoFile });
    // ts-proto has descriptors of its own.
    const theirs = CodeGeneratorRequest.decode(toBinary(CodeGeneratorRequestSchema, request));
    this.#context = {
      options: tsOptions,
      typeMap: createTypeMap(theirs, tsOptions),
      utils: makeUtils(tsOptions),
    };
    for (const [module, name] of this.#context.typeMap.values()) this.#constantsOf(module).add(name);
    for (const { name, service: services } of theirs.protoFile)
      for (const service of services) this.#constantsOf(moduleOf(name)).add(`${service.name}Definition`);
    for (const file of theirs.protoFile) hasteEnums(file.enumType, file.messageType);
    this.#files = new Map(theirs.protoFile.map((file) => [file.name, file]));
  }

  get options(): Options {
    return this.#context.options;
  }

  /** The name of a message's or an enum's type in TypeScript, and the module that has it. */
  locate(typeName: string): { module: string; name: string } {
    const lowered = loweredName(typeName, this.#otherNames);
    const [module, name] = this.#context.typeMap.get(`.${lowered}`) ?? [];
    if (module === undefined || name === undefined) throw new Error(`no type ${typeName}`);
    return { module, name };
  }

  /** The property of a field or a oneof in its message. */
  property(member: Member): string {
    return maybeSnakeToCamel(this.#otherMembers.get(member) ?? member.name, this.options);
  }

  /** The name of a constant in a file's module: the one that is wanted, with `suffix` behind it if it stands for something else. */
  constant(fileName: string, wanted: string, suffix: string): string {
    return freeName(wanted, suffix, this.#constantsOf(moduleOf(tsProtoPath(fileName))));
  }

  #constantsOf(module: string): Set<string> {
    const names = this.#constants.get(module) ?? new Set();
    this.#constants.set(module, names);
    return names;
  }

  /** The declarations of one file, and the path of its module. */
  of(fileName: string): { path: string; types: Code } {
    // Service definitions are ours, since they say more.
    const file = withParts(this.#files.get(tsProtoPath(fileName))!, { service: [] });
    // ts-proto keeps in its helpers which of them were used: a file has helpers of its own.
    const utils = makeUtils(this.options);
    const [path, types] = generateFile(
      { ...this.#context, utils, currentFile: createFileContext(file) },
      file,
    );
    return { path, types };
  }

  /** A module for each package, which exports what its files do. */
  indexes(fileNames: readonly string[]): { path: string; code: Code }[] {
    const modules = fileNames.map((fileName) => {
      const { name, package: packageName } = this.#files.get(tsProtoPath(fileName))!;
      return { module: moduleOf(name), packageName };
    });
    return indexesOf(modules, this.options.importSuffix).map(({ path, lines }) => ({
      path,
      code: code`${lines.join("\n")}`,
    }));
  }
}

/** Stands in a path where ts-proto or ts-poet would take a dot for another one: no path of a contract has it. */
const MARK = "\u0001";

/**
 * A file's path for ts-proto and ts-poet. They take the first `.proto`, `.ts` or `.js` of it for its ending, and a folder whose name
 * begins with a dot for one above.
 */
function tsProtoPath(fileName: string): string {
  const marked = fileName
    .replace(/\.proto$/, "")
    .replaceAll(/(?<=^|\/)(?=\.)/g, MARK)
    .replaceAll(/\.(?=proto|[tj]s)/g, `.${MARK}`);
  return `${marked}.proto`;
}

/** Pure: the text or the path of a module without the marks that {@link Declarations} sets in paths. */
export function withoutMarks(text: string): string {
  return text.replaceAll(MARK, "");
}

/** The module of a file, as ts-proto names it in its types. */
function moduleOf(fileName: string): string {
  return fileName.replace(".proto", "");
}

/**
 * Spares ts-proto a search through all values of an enum for each of them, whose time grows with their square: for names without
 * the enum's prefix, which are not asked for.
 */
function hasteEnums(enums: FileDescriptor["enumType"], messages: FileDescriptor["messageType"]): void {
  for (const { value } of enums) Object.defineProperty(value, "some", { value: () => false });
  for (const message of messages) hasteEnums(message.enumType, message.nestedType);
}

/** A copy with other parts. A descriptor of ts-proto has its defaults by its prototype. */
function withParts(file: FileDescriptor, parts: Partial<FileDescriptor>): FileDescriptor {
  return Object.assign(Object.create(Object.getPrototypeOf(file) as object) as FileDescriptor, file, parts);
}
