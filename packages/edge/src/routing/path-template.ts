// Path templates of google.api.http (google/api/http.proto, "Path template syntax"):
//
//     Template = "/" Segments [ Verb ] ;
//     Segments = Segment { "/" Segment } ;
//     Segment  = "*" | "**" | LITERAL | Variable ;
//     Variable = "{" FieldPath [ "=" Segments ] "}" ;
//     FieldPath = IDENT { "." IDENT } ;
//     Verb     = ":" LITERAL ;

/** A part of a template between slashes. */
export type Segment = { readonly kind: "literal"; readonly text: string } | { readonly kind: "one" | "many" };

/** A variable: the segments from `start` to `end` are the value of a field. */
export interface Variable {
  /** The field's path, as the contract names it: `user.id`. */
  readonly fieldPath: string;
  readonly start: number;
  readonly end: number;
  /** True unless it is exactly one segment: then %2F in it stays as it is. */
  readonly isMulti: boolean;
}

/** A path template, taken apart. */
export interface PathTemplate {
  readonly text: string;
  readonly segments: readonly Segment[];
  readonly variables: readonly Variable[];
  /** Empty if there is none. */
  readonly verb: string;
  /** Where `**` is among the segments; -1 if it is not. */
  readonly manyAt: number;
}

/** RFC 3986, "pchar". Asterisks alone are the template's own. */
const LITERAL = /^(?!\*+$)(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})+$/;
const FIELD_PATH = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/;

/**
 * Takes a path template apart. Beyond the specification, segments may follow `**`, as grpc-gateway has it.
 *
 * @throws {Error} that says what is wrong with it.
 */
export function parseTemplate(text: string): PathTemplate {
  const fail = (why: string) => new Error(`the path template ${JSON.stringify(text)} ${why}`);
  if (!text.startsWith("/")) throw fail("does not begin with /");
  const segments: Segment[] = [];
  const variables: Variable[] = [];
  const { path, verb } = splitVerb(text);
  if (verb !== "" && !LITERAL.test(verb)) throw fail(`has a verb that is none: ${JSON.stringify(verb)}`);

  const addSegment = (part: string): void => {
    if (part === "*") segments.push({ kind: "one" });
    else if (part === "**") segments.push({ kind: "many" });
    else if (LITERAL.test(part)) segments.push({ kind: "literal", text: decodeLiteral(part, fail) });
    else
      throw fail(
        part === "" ? "has an empty segment" : `has a segment that is none: ${JSON.stringify(part)}`,
      );
  };
  const addVariable = (inside: string): void => {
    const at = inside.indexOf("=");
    const fieldPath = at < 0 ? inside : inside.slice(0, at);
    if (!FIELD_PATH.test(fieldPath)) throw fail(`has a variable of no field: ${JSON.stringify(fieldPath)}`);
    if (variables.some((other) => other.fieldPath === fieldPath)) throw fail(`names ${fieldPath} twice`);
    const start = segments.length;
    (at < 0 ? "*" : inside.slice(at + 1)).split("/").forEach(addSegment);
    const end = segments.length;
    const isMulti = end - start > 1 || segments[start]!.kind === "many";
    variables.push({ fieldPath, start, end, isMulti });
  };
  for (const part of splitSegments(path.slice(1), fail)) {
    if (part.startsWith("{")) addVariable(part.slice(1, -1));
    else addSegment(part);
  }
  const decodedVerb = verb === "" ? "" : decodeLiteral(verb, fail);
  const manyAt = segments.findIndex(({ kind }) => kind === "many");
  if (segments.filter(({ kind }) => kind === "many").length > 1) throw fail("has ** twice");
  return { text, segments, variables, verb: decodedVerb, manyAt };
}

/** The verb is what follows the last colon of the last segment; after a variable, the first one. */
function splitVerb(text: string): { path: string; verb: string } {
  const brace = text.lastIndexOf("}");
  const slash = text.lastIndexOf("/");
  // A slash behind a brace is one of the template, any other may be a variable's.
  const isAfterVariable = brace > slash || (brace >= 0 && text.indexOf("/", brace) < 0);
  const at = isAfterVariable ? text.indexOf(":", brace) : text.lastIndexOf(":");
  return at < 0 || (!isAfterVariable && at < slash)
    ? { path: text, verb: "" }
    : { path: text.slice(0, at), verb: text.slice(at + 1) };
}

/** The parts between the slashes that are not inside of a variable. */
function splitSegments(path: string, fail: (why: string) => Error): string[] {
  if (path === "") return [];
  const parts: string[] = [];
  let start = 0;
  let open = -1;
  for (let at = 0; at <= path.length; at++) {
    const character = path[at];
    if (character === "{") {
      if (open >= 0) throw fail("has a variable inside of a variable");
      if (at !== start) throw fail("has a variable that is not a whole segment");
      open = at;
    } else if (character === "}") {
      if (open < 0) throw fail("has a } without a {");
      if (at + 1 < path.length && path[at + 1] !== "/")
        throw fail("has a variable that is not a whole segment");
      open = -1;
    } else if ((character === "/" || at === path.length) && open < 0) {
      parts.push(path.slice(start, at));
      start = at + 1;
    }
  }
  if (open >= 0) throw fail("has a { without a }");
  return parts;
}

function decodeLiteral(text: string, fail: (why: string) => Error): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw fail(`has a segment that is no UTF-8: ${text}`);
  }
}
