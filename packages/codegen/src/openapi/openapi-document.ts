import type { DescFile, DescMethod, DescService, FileRegistry } from "@bufbuild/protobuf";
import type { HttpRules } from "../http-rules.js";
import type { CodegenOptions } from "../options.js";
import { commentOf, markdown, packageCommentOf } from "./comments.js";
import { errorResponses, errorSchemas } from "./errors.js";
import { operationOf, type Operation } from "./operations.js";
import { stated, type JsonObject } from "./schema.js";
import { Schemas } from "./schemas.js";

/** A version that no contract states. */
const NO_VERSION = "0.0.0";

/**
 * The OpenAPI 3.1 document of all methods that have rules of google.api.http, as @callwire/edge serves them; undefined if none has.
 *
 * @throws {Error} that names the method of a rule that is wrong.
 */
export function openApiDocument(
  files: readonly DescFile[],
  rules: HttpRules,
  registry: FileRegistry,
  options: CodegenOptions,
): JsonObject | undefined {
  const services = files
    .flatMap((file) => file.services)
    .filter(({ methods }) => methods.some((method) => rules.has(method)));
  if (services.length === 0) return undefined;
  const schemas = new Schemas(registry);
  const paths = new Paths();
  for (const service of services) {
    const tag = tagOf(service, services);
    for (const method of service.methods) {
      for (const operation of operationsOf(method, tag, rules, schemas)) paths.add(operation);
    }
  }
  const isSecured = options.openapi_security === "bearer";
  return {
    openapi: "3.1.0",
    info: infoOf(services, options),
    // The document's own host.
    servers: [{ url: "/" }],
    security: isSecured ? [{ bearer: [] }] : [],
    tags: services.map((service) => ({
      name: tagOf(service, services),
      ...stated({ description: markdown(commentOf(service)) }),
    })),
    paths: paths.items,
    components: {
      schemas: { ...schemas.components, ...errorSchemas },
      responses: errorResponses,
      ...(isSecured && { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } }),
    },
  };
}

function infoOf(services: readonly DescService[], options: CodegenOptions): JsonObject {
  const files = [...new Set(services.map(({ file }) => file))];
  const packages = [...new Set(files.map(({ proto }) => proto.package))];
  const license = options.openapi_license;
  return {
    title: options.openapi_title || packages.join(", ") || services[0]!.name,
    version: options.contract_version || NO_VERSION,
    ...stated({
      description: files
        .map((file) => markdown(packageCommentOf(file)))
        .filter((text) => text !== "")
        .join("\n\n"),
    }),
    ...(license !== "" && { license: { name: license, identifier: license } }),
  };
}

/** A service's name; its full one, if another service has the same. */
function tagOf({ name, typeName }: DescService, services: readonly DescService[]): string {
  return services.filter((other) => other.name === name).length > 1 ? typeName : name;
}

function operationsOf(method: DescMethod, tag: string, rules: HttpRules, schemas: Schemas): Operation[] {
  const name = `${method.parent.typeName}.${method.name}`;
  return (rules.get(method) ?? []).flatMap((binding, index) => {
    // The names of all but the first rule have its place.
    const id = index === 0 ? name : `${name}.${index + 1}`;
    try {
      return operationOf(method, binding, id, tag, schemas) ?? [];
    } catch (error) {
      throw new Error(`${name}: ${binding.method} ${binding.path} ${(error as Error).message}`, {
        cause: error,
      });
    }
  });
}

/** The path items of a document. */
class Paths {
  readonly #items = new Map<string, JsonObject>();
  /** The names of the parameters of paths, by the paths without them: two that differ by names alone are one (OpenAPI, "Paths Object"). */
  readonly #names = new Map<string, readonly string[]>();

  get items(): JsonObject {
    return Object.fromEntries(this.#items);
  }

  add({ path, method, operation }: Operation): void {
    const names = Array.from(path.matchAll(/\{([^}]*)\}/g), ([, name = ""]) => name);
    const shape = path.replaceAll(/\{[^}]*\}/g, "{}");
    const known = this.#names.get(shape) ?? names;
    this.#names.set(shape, known);
    let next = 0;
    const shared = path.replaceAll(/\{[^}]*\}/g, () => `{${known[next++]}}`);
    const item = this.#items.get(shared) ?? {};
    this.#items.set(shared, item);
    // Two rules of one shape are told apart by what OpenAPI has no form for, such as `**`: the first one stands.
    if (method in item) return;
    const parameters = operation["parameters"] as JsonObject[] | undefined;
    item[method] = {
      ...operation,
      ...(parameters && {
        parameters: parameters.map((parameter) =>
          parameter["in"] === "path"
            ? { ...parameter, name: known[names.indexOf(parameter["name"] as string)] }
            : parameter,
        ),
      }),
    };
  }
}
