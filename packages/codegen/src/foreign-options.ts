/** The options of other generators that have a counterpart here. */
const COUNTERPARTS: Readonly<Record<string, string>> = {
  // ts-proto
  forceLong: "int64",
  outputIndex: "index",
  useDate: "timestamp",
  useMapType: "map",
  // protobuf-es
  import_extension: "import_suffix",
  // protobuf-ts
  long_type_bigint: "int64=bigint",
  long_type_number: "int64=number",
  long_type_string: "int64=string",
};

/** The options of other generators that have none, since the code needs none. */
const NEEDLESS: ReadonlySet<string> = new Set([
  // ts-proto
  "env",
  "esModuleInterop",
  "outputServices",
  "esm",
  "exportCommonSymbols",
  "outputEncodeMethods",
  "outputJsonMethods",
  "outputPartialMethods",
  "useExactTypes",
  // protobuf-es
  "js_import_style",
  "keep_empty_files",
  "rewrite_imports",
  "target",
  // protobuf-ts
  "eslint_disable",
  "optimize_code_size",
  "output_javascript",
  "output_typescript",
  // protoc-gen-grpc-web and grpc-tools
  "grpc_js",
  "import_style",
  "mode",
]);

/** The options of other generators that change what the code is like, in a way that this one does not offer. */
const NOT_OFFERED: ReadonlySet<string> = new Set([
  // ts-proto
  "addGrpcMetadata",
  "emitImportedFiles",
  "enumsAsLiterals",
  "fileSuffix",
  "nestJs",
  "outputClientImpl",
  "outputSchema",
  "outputTypeAnnotations",
  "outputTypeRegistry",
  "removeEnumPrefix",
  "returnObservable",
  "snakeToCamel",
  "stringEnums",
  "unrecognizedEnum",
  "useOptionals",
  "useReadonlyTypes",
  // protobuf-es
  "json_types",
  "valid_types",
  // protobuf-ts
  "add_pb_suffix",
  "keep_enum_prefix",
]);

/** Where an option says which files are made: buf's own settings say it here. */
const OF_FILES: ReadonlySet<string> = new Set([
  "generate_dependencies",
  "include_imports",
  "include_wkt",
  "strategy",
]);

/** Pure: the advice for an option of another generator, such as ts-proto's `forceLong`; undefined if it is none of them. */
export function adviceForForeign(name: string): string | undefined {
  if (NEEDLESS.has(name)) return "another generator has it, and this one needs none: leave it out";
  if (NOT_OFFERED.has(name)) return "another generator has it, and this one does not offer it: leave it out";
  if (OF_FILES.has(name))
    return "buf says which files are made: set strategy, include_imports and include_wkt beside opt";
  if (!Object.hasOwn(COUNTERPARTS, name)) return undefined;
  return `another generator has it, and here it is "${COUNTERPARTS[name]}"`;
}
