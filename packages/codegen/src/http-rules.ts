import {
  type DescFile,
  type DescMethod,
  type FileRegistry,
  getOption,
  type Message,
} from "@bufbuild/protobuf";

// google.api.http (google/api/http.proto): how a method is reached by HTTP. A definition has these rules as data.

const ANNOTATIONS = "google/api/annotations.proto";
const HTTP = "google/api/http.proto";
const DESCRIPTOR = "google/protobuf/descriptor.proto";
/** The number of the extension google.api.http. */
export const HTTP_EXTENSION = 72_295_728;

/** google.api.HttpRule, as protobuf-es reads it. */
interface HttpRule extends Message {
  pattern:
    | { case: "get" | "put" | "post" | "delete" | "patch"; value: string }
    | { case: "custom"; value: { kind: string; path: string } }
    | { case: undefined };
  body: string;
  responseBody: string;
  additionalBindings: HttpRule[];
}

/** A rule, for one way to reach a method. */
export interface HttpBinding {
  /** The HTTP method, in capitals; that of a custom pattern as it is there. */
  readonly method: string;
  /** The path template. */
  readonly path: string;
  /** The field that the body is, `*` for all that the path does not have; empty for none. */
  readonly body: string;
  /** The field of the response that is sent; empty for all of it. */
  readonly responseBody: string;
}

/** The rules of methods; those without any are left out. */
export type HttpRules = ReadonlyMap<DescMethod, readonly HttpBinding[]>;

/** The rules of the methods of some files. */
export function httpRulesOf(files: readonly DescFile[], registry: FileRegistry): HttpRules {
  const extension = registry.getExtension("google.api.http");
  const rules = new Map<DescMethod, HttpBinding[]>();
  if (extension === undefined) return rules;
  for (const method of files.flatMap(({ services }) => services.flatMap(({ methods }) => methods))) {
    if (!hasHttpRule(method)) continue;
    const option: unknown = getOption(method, extension);
    const rule = option as HttpRule;
    rules.set(
      method,
      [rule, ...rule.additionalBindings].map((one) => bindingOf(one, method)),
    );
  }
  return rules;
}

function hasHttpRule({ proto }: DescMethod): boolean {
  return proto.options?.$unknown?.some(({ no }) => no === HTTP_EXTENSION) ?? false;
}

function bindingOf(
  { pattern, body, responseBody, additionalBindings }: HttpRule,
  method: DescMethod,
): HttpBinding {
  const where = `${method.parent.typeName}.${method.name}: google.api.http`;
  if (pattern.case === undefined) throw new Error(`${where} has a rule without a path`);
  // http.proto: "the nesting may only be one level deep".
  if (additionalBindings.some((inner) => inner.additionalBindings.length > 0))
    throw new Error(`${where} has additional_bindings inside of additional_bindings`);
  const isCustom = pattern.case === "custom";
  return {
    method: isCustom ? pattern.value.kind : pattern.case.toUpperCase(),
    path: isCustom ? pattern.value.path : pattern.value,
    body,
    responseBody,
  };
}

/** Rules as code: a list of plain objects. */
export function httpRulesCode(bindings: readonly HttpBinding[]): string {
  const objects = bindings.map((binding) => {
    const stated = Object.entries(binding).filter(([name, text]) => text !== "" || name === "path");
    return `{ ${stated.map(([name, text]) => `${name}: ${JSON.stringify(text)}`).join(", ")} }`;
  });
  return `[${objects.join(", ")}]`;
}

/** The files that code is made of: without those that only state annotations, which are read here and needed by no code. */
export function withoutAnnotations(files: readonly DescFile[]): DescFile[] {
  const isUsed = (name: string): boolean =>
    files.some(
      ({ proto }) =>
        proto.name !== ANNOTATIONS && proto.dependency.includes(name) && !isAnnotation(proto.name),
    );
  const isAnnotation = (name: string): boolean =>
    name === ANNOTATIONS || ((name === HTTP || name === DESCRIPTOR) && !isUsed(name));
  // Asked for by itself, a file is wanted.
  return files.some(({ proto }) => proto.dependency.includes(ANNOTATIONS))
    ? files.filter(({ proto }) => !isAnnotation(proto.name))
    : [...files];
}
