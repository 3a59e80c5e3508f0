import type { PathTemplate, Segment } from "./path-template.js";
import { decodeOneOfSegments, decodeSegment, isDots, type RequestPath } from "./request-path.js";

/** A route as the router sees it. */
export interface Routed {
  /** The HTTP method; `*` for any. */
  readonly httpMethod: string;
  readonly template: PathTemplate;
  /** Names the rule in errors: its method of the contract. */
  readonly name: string;
}

/** A place in the tree where templates end: their routes by verb, then by HTTP method. */
type Ends<Route> = Map<string, Map<string, Route>>;

/** A node of the tree of segments. */
class Node<Route> {
  readonly literals = new Map<string, Node<Route>>();
  one: Node<Route> | undefined;
  many: Node<Route> | undefined;
  readonly ends: Ends<Route> = new Map();

  child({ kind, ...segment }: Segment): Node<Route> {
    if (kind === "one") return (this.one ??= new Node());
    if (kind === "many") return (this.many ??= new Node());
    const { text } = segment as { text: string };
    const known = this.literals.get(text) ?? new Node();
    this.literals.set(text, known);
    return known;
  }
}

/** What the router found. */
export type Found<Route> =
  | { readonly route: Route; readonly path: RequestPath }
  /** The path is known, by other methods; empty if it is not known. */
  | { readonly allowed: readonly string[] };

/**
 * Finds the route of a request. Of several that fit, the most exact one is taken: a literal before `*`, and `*` before `**`,
 * from left to right; a verb before none.
 */
export class Router<Route extends Routed> {
  readonly #root = new Node<Route>();
  /** The longest first: `:b:c` before `:c`. */
  #verbs: readonly string[] = [];

  /** @throws {Error} that names both routes, if two take the same requests. */
  constructor(routes: readonly Route[]) {
    for (const route of routes) this.#add(route);
    const verbs = new Set(routes.map(({ template }) => template.verb));
    verbs.delete("");
    this.#verbs = [...verbs].toSorted((a, b) => b.length - a.length);
  }

  #add(route: Route): void {
    const { httpMethod, template } = route;
    let node = this.#root;
    for (const segment of template.segments) node = node.child(segment);
    const byMethod = node.ends.get(template.verb) ?? new Map<string, Route>();
    const other = byMethod.get(httpMethod);
    if (other !== undefined) {
      const [first, second] = [other, route].map(
        (each) => `${httpMethod} ${each.template.text} of ${each.name}`,
      );
      throw new Error(`${first} and ${second} take the same requests`);
    }
    byMethod.set(httpMethod, route);
    node.ends.set(template.verb, byMethod);
  }

  /** @param alternatives More methods whose routes are taken, if there is none of the first. */
  find(path: RequestPath, httpMethod: string, ...alternatives: readonly string[]): Found<Route> {
    const methods = [httpMethod, ...alternatives, "*"];
    for (const { verb, rest } of this.#splits(path)) {
      const route = firstEnd(this.#root, rest, 0, verb, (byMethod) => routeOf(byMethod, methods));
      if (route !== undefined) return { route, path: rest };
    }
    return { allowed: this.allowedAt(path) };
  }

  /** A route that takes a path, by whatever method of HTTP; undefined if there is none. */
  findAny(path: RequestPath): Route | undefined {
    for (const { verb, rest } of this.#splits(path)) {
      const route = firstEnd(this.#root, rest, 0, verb, (byMethod) => byMethod.values().next().value);
      if (route !== undefined) return route;
    }
    return undefined;
  }

  /** The methods of HTTP by which a path has routes; `*` for any. */
  allowedAt(path: RequestPath): string[] {
    const allowed = new Set<string>();
    for (const { verb, rest } of this.#splits(path)) {
      firstEnd(this.#root, rest, 0, verb, (byMethod) => {
        for (const method of byMethod.keys()) allowed.add(method);
        return undefined;
      });
    }
    return [...allowed].toSorted();
  }

  /** The ways in which the last segment may have a verb, and the one in which it has none. */
  #splits(path: RequestPath): { verb: string; rest: RequestPath }[] {
    const none = { verb: "", rest: path };
    const last = path.segments.at(-1);
    if (last === undefined || !last.includes(":")) return [none];
    const some = this.#verbs
      .map((verb) => ({ verb, end: colonBefore(verb, last, path.isEncoded) }))
      .filter(({ end }) => end >= 0)
      .map(({ verb, end }) => ({ verb, segment: last.slice(0, end) }))
      // A client leaves none in a path, before a verb neither.
      .filter(({ segment }) => !isDots(segment))
      .map(({ verb, segment }) => {
        const before = path.segments.slice(0, -1);
        return {
          verb,
          rest: { ...path, segments: segment === "" && before.length === 0 ? [] : [...before, segment] },
        };
      });
    return [...some, none];
  }
}

/** Where the colon is before the verb that a segment ends with; negative if it does not. A verb may have colons itself. */
function colonBefore(verb: string, segment: string, isEncoded: boolean): number {
  if (!isEncoded) return segment.endsWith(`:${verb}`) ? segment.length - verb.length - 1 : -1;
  let at = segment.length;
  for (let colons = verb.split(":").length; colons > 0 && at > 0; colons--)
    at = segment.lastIndexOf(":", at - 1);
  return at >= 0 && decodeSegment(segment.slice(at + 1)) === verb ? at : -1;
}

function routeOf<Route>(byMethod: ReadonlyMap<string, Route>, methods: readonly string[]): Route | undefined {
  for (const method of methods) {
    const route = byMethod.get(method);
    if (route !== undefined) return route;
  }
  return undefined;
}

/**
 * Shows the places where a path ends, the most exact one first, until one is taken. Each node is visited once for each place of `**`
 * at most.
 *
 * @param take Returns undefined to see the next one.
 */
function firstEnd<Route, Taken>(
  node: Node<Route>,
  path: RequestPath,
  at: number,
  verb: string,
  take: (ends: Map<string, Route>) => Taken | undefined,
): Taken | undefined {
  const { segments, isEncoded } = path;
  const segment = segments[at];
  let taken: Taken | undefined;
  if (segment === undefined) {
    const ends = node.ends.get(verb);
    if (ends !== undefined) taken = take(ends);
  } else {
    const text = isEncoded ? decodeSegment(segment) : segment;
    const literal = text === undefined ? undefined : node.literals.get(text);
    if (literal !== undefined) taken = firstEnd(literal, path, at + 1, verb, take);
    // An empty segment is no value of a field.
    if (taken === undefined && node.one !== undefined && segment !== "")
      taken = firstEnd(node.one, path, at + 1, verb, take);
  }
  if (node.many === undefined) return taken;
  // As little as possible: the more segments follow **, the more exact is the template.
  for (let end = at; taken === undefined && end <= segments.length; end++)
    taken = firstEnd(node.many, path, end, verb, take);
  return taken;
}

/** The values of a template's variables, in their order; undefined for one whose bytes are no UTF-8. */
export function valuesOf(template: PathTemplate, { segments }: RequestPath): (string | undefined)[] {
  const { manyAt } = template;
  // The segments that ** stands for, but one.
  const more = manyAt < 0 ? 0 : segments.length - template.segments.length;
  return template.variables.map(({ start, end, isMulti }) => {
    const from = manyAt >= 0 && start > manyAt ? start + more : start;
    const to = manyAt >= 0 && end > manyAt ? end + more : end;
    if (!isMulti) return decodeSegment(segments[from]!);
    const parts = segments.slice(from, to).map(decodeOneOfSegments);
    return parts.every((part) => part !== undefined) ? parts.join("/") : undefined;
  });
}
