import { clone, create, createFileRegistry, toBinary, type DescMessage } from "@bufbuild/protobuf";
import {
  type CodeGeneratorRequest,
  type CodeGeneratorResponse,
  CodeGeneratorResponse_Feature,
  CodeGeneratorResponse_FileSchema,
  CodeGeneratorResponseSchema,
  Edition,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { joinCode } from "ts-poet";
import { contractsOf } from "./contract-version.js";
import { Declarations, withoutMarks } from "./declarations.js";
import { format } from "./format.js";
import { httpRulesOf, withoutAnnotations } from "./http-rules.js";
import { MessageCoder } from "./message-code.js";
import { openApiDocument } from "./openapi/openapi-document.js";
import { missingImports } from "./missing-imports.js";
import { parseOptions, type CodegenOptions } from "./options.js";
import { checkNames } from "./safe-names.js";
import { ServiceCoder } from "./service-code.js";
import { withSharedExports } from "./shared-exports.js";
import { ValueCoder } from "./value-code.js";

/**
 * Answers a request of protoc (google/protobuf/compiler/plugin.proto). A mistake in an option is the answer's error.
 *
 * @param warn Gets a line about each thing that is made as it was asked for, and is most likely a mistake. Default: drops it.
 */
export function generate(
  request: CodeGeneratorRequest,
  warn: (line: string) => void = () => {},
): CodeGeneratorResponse {
  const response = create(CodeGeneratorResponseSchema, {
    supportedFeatures: BigInt(
      CodeGeneratorResponse_Feature.PROTO3_OPTIONAL | CodeGeneratorResponse_Feature.SUPPORTS_EDITIONS,
    ),
    minimumEdition: Edition.EDITION_PROTO2,
    maximumEdition: Edition.EDITION_2024,
  });
  try {
    response.file = filesOf(request, warn).map((file) => create(CodeGeneratorResponse_FileSchema, file));
  } catch (error) {
    response.error = error instanceof Error ? error.message : String(error);
  }
  return response;
}

function filesOf(
  request: CodeGeneratorRequest,
  warn: (line: string) => void,
): { name: string; content: string }[] {
  const options = parseOptions(rawOptions(request.parameter));
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: request.protoFile }));
  // In the order of the request, where a file follows those that it imports.
  const all = request.protoFile.map((file) => registry.getFile(file.name)!);
  const wanted = new Set(request.fileToGenerate);
  const files = withoutAnnotations(all.filter((file) => wanted.has(file.proto.name)));
  all.forEach(checkNames);
  const declarations = new Declarations(all, options);
  const values = new ValueCoder(declarations, options);
  const coder = new MessageCoder(declarations, options, values);
  const httpRules = httpRulesOf(files, registry);
  const serviceCoder = new ServiceCoder(values, contractsOf(files, options.contract_version), httpRules);
  const isChecked = !options.ts_nocheck;
  const modules = files.map((file) => {
    const { path, types } = declarations.of(file.proto.name);
    const messages = messagesOf(file);
    const parts = [
      ...messages.flatMap((message) => [coder.message(message), coder.defaults(message) ?? []].flat()),
      ...file.extensions.map((extension) => coder.extension(extension, "")),
      ...messages.flatMap((message) =>
        message.nestedExtensions.map((extension) =>
          coder.extension(extension, `${declarations.locate(message.typeName).name}_`),
        ),
      ),
      ...file.services.map((service) => serviceCoder.service(service)),
    ];
    const ours = joinCode(parts, { on: "\n\n", trim: false });
    const content = format({ path, types, ours, source: file.proto.name, isChecked });
    return { name: withoutMarks(path), content: withoutMarks(content) };
  });
  const contents = new Map(modules.map(({ name, content }) => [name, content]));
  const indexes = options.index
    ? declarations.indexes(files.map((file) => file.proto.name)).map(({ path, code: exports }) => ({
        name: path,
        content: withSharedExports(path, withoutMarks(format({ path, types: exports, isChecked })), contents),
      }))
    : [];
  const openApi = options.openapi ? openApiDocument(files, httpRules, registry, options) : undefined;
  const made = [
    ...modules,
    ...indexes,
    ...(openApi ? [openApiFile(openApi)] : []),
    ...(options.descriptors ? [descriptorSet(request, options)] : []),
  ];
  const missing = missingImports(modules);
  if (missing !== undefined) warn(missing);
  const paths = new Set<string>();
  for (const { name } of made) {
    if (paths.has(name)) {
      const option = name.startsWith("index.") ? "set index=false" : "leave out the option descriptors";
      throw new Error(`${name} is made of a contract and besides: rename the contract, or ${option}`);
    }
    paths.add(name);
  }
  return made;
}

/** Packages whose comments nobody needs to be sent. */
const WELL_KNOWN_PACKAGE = /^google\.(?:protobuf|api)$/;

/** The module of all descriptors: the files that were asked for and all that they import. */
function descriptorSet(
  { protoFile }: CodeGeneratorRequest,
  { descriptor_comments }: CodegenOptions,
): { name: string; content: string } {
  const file = protoFile.map((each) => {
    const bare = clone(FileDescriptorProtoSchema, each);
    if (!descriptor_comments || WELL_KNOWN_PACKAGE.test(each.package)) delete bare.sourceCodeInfo;
    else if (bare.sourceCodeInfo !== undefined) {
      // Where something stands in its file is of no use without the file.
      bare.sourceCodeInfo.location = bare.sourceCodeInfo.location.filter(
        ({ leadingComments, trailingComments }) => leadingComments !== "" || trailingComments !== "",
      );
    }
    return bare;
  });
  const bytes = toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
  const lines = Buffer.from(bytes)
    .toString("base64")
    .match(/.{1,110}/g) ?? [""];
  return {
    name: "descriptor-set.ts",
    content: `// Code generated by protoc-gen-callwire. DO NOT EDIT.

/* eslint-disable */
import { fromBase64 } from "@callwire/protobuf";

/** The serialized google.protobuf.FileDescriptorSet of the contract and of all that it imports: for server reflection. */
export const descriptorSet: Uint8Array = /* @__PURE__ */ fromBase64(
${lines.map((line) => `  "${line}"`).join(" +\n")},
);
`,
  };
}

function openApiFile(document: object): { name: string; content: string } {
  return { name: "openapi.json", content: `${JSON.stringify(document, undefined, 2)}\n` };
}

/** The messages of a file, those in others too. */
function messagesOf({ messages }: { messages: readonly DescMessage[] }): DescMessage[] {
  return messages.flatMap((message) => [message, ...messagesOf({ messages: message.nestedMessages })]);
}

function rawOptions(parameter: string): { key: string; value: string }[] {
  return parameter
    .split(",")
    .map((option) => option.trim())
    .filter((option) => option !== "")
    .map((option) => {
      const at = option.indexOf("=");
      return at < 0
        ? { key: option, value: "" }
        : { key: option.slice(0, at).trim(), value: option.slice(at + 1).trim() };
    });
}
