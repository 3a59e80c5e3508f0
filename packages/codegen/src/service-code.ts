import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { code, def, joinCode, type Code } from "ts-poet";
import { HTTP_EXTENSION, httpRulesCode, type HttpRules } from "./http-rules.js";
import { asCode, indent, type Part } from "./lines.js";
import { sourceComment } from "./source-comments.js";
import type { ValueCoder } from "./value-code.js";

/** What a service's options name a method's calls. */
const idempotency: Partial<Record<MethodOptions_IdempotencyLevel, string>> = {
  [MethodOptions_IdempotencyLevel.IDEMPOTENT]: "IDEMPOTENT",
  [MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS]: "NO_SIDE_EFFECTS",
};

/** Writes the definitions of services, in the generic form of ts-proto, which nice-grpc takes too. */
export class ServiceCoder {
  readonly #values: ValueCoder;
  readonly #contracts: ReadonlyMap<string, string>;
  readonly #httpRules: HttpRules;

  /**
   * @param contracts The contracts of services, by the services' full names.
   * @param httpRules The rules of google.api.http.
   */
  constructor(values: ValueCoder, contracts: ReadonlyMap<string, string>, httpRules: HttpRules) {
    this.#values = values;
    this.#contracts = contracts;
    this.#httpRules = httpRules;
  }

  /** The constant of a service's definition, and its type. */
  service(service: DescService): Code {
    const { name, typeName, methods } = service;
    const contract = this.#contracts.get(typeName);
    const parts: Part[] = [
      ...docComment(service),
      code`export type ${name}Definition = typeof ${name}Definition;`,
      code`export const ${def(`${name}Definition`)} = {`,
      `  name: "${name}",`,
      `  fullName: "${typeName}",`,
      // Definitions of two versions of a contract are of one type, if their methods are.
      ...(contract === undefined ? [] : [`  contract: "${contract}" as string,`]),
      "  methods: {",
      ...methods.flatMap((method) => indent(this.#method(method), 4)),
      "  },",
      "} as const;",
    ];
    return joinCode(parts.map(asCode), { on: "\n", trim: false });
  }

  #method(method: DescMethod): Part[] {
    const { name, input, output, proto } = method;
    const [request, response] = [this.#values.type(input), this.#values.type(output)];
    const key = name[0]!.toLowerCase() + name.slice(1);
    const httpRules = this.#httpRules.get(method);
    return [
      ...docComment(method),
      // A key that is called so sets the prototype.
      `${key === "__proto__" ? `["${key}"]` : key}: {`,
      `  name: "${name}",`,
      code`  requestType: ${request} as typeof ${request},`,
      `  requestStream: ${proto.clientStreaming},`,
      code`  responseType: ${response} as typeof ${response},`,
      `  responseStream: ${proto.serverStreaming},`,
      ...(httpRules === undefined ? [] : [`  http: ${httpRulesCode(httpRules)},`]),
      ...optionsOf(method),
      "},",
    ];
  }
}

/** A method's options: options of other files that the contract sets are there as bytes, by their tags. */
function optionsOf({ idempotency: level, proto }: DescMethod): string[] {
  const known = idempotency[level];
  const unknown = new Map<number, string[]>();
  for (const { no, wireType, data } of proto.options?.$unknown ?? []) {
    if (no === HTTP_EXTENSION) continue;
    const tag = ((no << 3) | wireType) >>> 0;
    unknown.set(tag, [...(unknown.get(tag) ?? []), `new Uint8Array([${data.join(", ")}]) as Uint8Array`]);
  }
  const idempotencyLevel = known === undefined ? [] : [`idempotencyLevel: "${known}"`];
  if (unknown.size === 0)
    return [`  options: {${idempotencyLevel.map((option) => ` ${option} `).join("")}},`];
  return [
    "  options: {",
    ...idempotencyLevel.map((option) => `    ${option},`),
    "    _unknownFields: {",
    ...Array.from(unknown, ([tag, values]) => `      ${tag}: [${values.join(", ")}],`),
    "    },",
    "  },",
  ];
}

/** What the contract says of a service or a method, and that it is deprecated. */
function docComment(desc: DescService | DescMethod): string[] {
  const text = sourceComment(desc).replaceAll("*/", "* /").trim().replace(/^\*/, "").trim();
  const lines = text === "" ? [] : text.split("\n").map((line) => line.replace(/^ /, ""));
  if (desc.deprecated) lines.push(...(lines.length > 0 ? ["", "@deprecated"] : ["@deprecated"]));
  if (lines.length <= 1) return lines.map((line) => `/** ${line} */`);
  return ["/**", ...lines.map((line) => ` * ${line}`.trimEnd()), " */"];
}
