import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { findField } from "./field-path.js";

/** A wildcard of a path template: OpenAPI has a parameter for each segment. */
export interface PathParameter {
  readonly name: string;
  /** The field that it is the value of, or a part of; undefined for a wildcard of no field. */
  readonly field: DescField | undefined;
  /** The template of the whole value, if it has more than this wildcard: `shelves/*` */
  readonly pattern: string | undefined;
  /** True for `**`: any number of segments. */
  readonly isMany: boolean;
}

/** A path template as OpenAPI has it. */
export interface OpenApiPath {
  /** With each wildcard in braces: `/v1/users/{id}`. */
  readonly path: string;
  readonly parameters: readonly PathParameter[];
  /** The paths of the fields that the template sets, by their names in the contract. */
  readonly fieldPaths: readonly string[];
}

/** The parts between slashes: a variable with all that is in its braces, or else what has no slash. */
const PARTS = /\{[^{}]*\}|[^/{}]+/g;
/** RFC 3986, "pchar". Asterisks alone are the template's own. */
const LITERAL = /^(?!\*+$)(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})+$/;

/**
 * Takes a path template of google.api.http apart (google/api/http.proto, "Path template syntax").
 *
 * @throws {Error} that says what is wrong with it.
 */
export function openApiPath(text: string, input: DescMessage): OpenApiPath {
  const { template, verb } = splitVerb(text);
  const parts = template.match(PARTS) ?? [];
  if (!text.startsWith("/") || `/${parts.join("/")}` !== template) throw new Error("is no path template");
  const segments: string[] = [];
  const parameters: PathParameter[] = [];
  const fieldPaths: string[] = [];
  const add = (segment: string, name: string, rest: Omit<PathParameter, "name" | "isMany">): void => {
    if (segment !== "*" && segment !== "**") {
      segments.push(literal(segment));
      return;
    }
    const parameter = freeName(name, parameters);
    parameters.push({ ...rest, name: parameter, isMany: segment === "**" });
    segments.push(`{${parameter}}`);
  };
  for (const part of parts) {
    if (!part.startsWith("{")) {
      add(part, "segment", { field: undefined, pattern: undefined });
      continue;
    }
    const [variable = "", pattern = "*"] = part.slice(1, -1).split("=", 2);
    const found = findField(input, variable);
    if (found === undefined) throw new Error(`names ${variable}, which is no field of ${input.typeName}`);
    const fieldPath = found.map(({ name }) => name).join(".");
    fieldPaths.push(fieldPath);
    const rest = {
      field: found.at(-1)!,
      pattern: pattern === "*" || pattern === "**" ? undefined : pattern,
    };
    for (const segment of pattern.split("/")) add(segment, fieldPath, rest);
  }
  const path = `/${segments.join("/")}${verb === "" ? "" : `:${literal(verb)}`}`;
  return { path, parameters, fieldPaths };
}

function literal(text: string): string {
  if (!LITERAL.test(text)) throw new Error(`has a segment that is none: ${JSON.stringify(text)}`);
  return text;
}

/** The verb stands behind the last colon of the last segment, outside of braces. */
function splitVerb(text: string): { template: string; verb: string } {
  const [, template = text, verb = ""] = /^(.*(?:\}|\/[^/{}:]*)):([^/{}]*)$/.exec(text) ?? [];
  return { template, verb };
}

function freeName(name: string, taken: readonly PathParameter[]): string {
  let free = name;
  for (let count = 2; taken.some((other) => other.name === free); count++) free = `${name}_${count}`;
  return free;
}
