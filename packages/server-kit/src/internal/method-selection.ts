import { didYouMean } from "@callwire/transport/server";
import type { MethodDescriptor } from "nice-grpc-common";

// `forMethods` and `except` leave what they select on what they return, so that a server finds a match that hits no method: a
// guard must not vanish when a method is renamed.

/** What a middleware selects. */
export interface Selection {
  /** The middleware's name, for errors. */
  readonly of: string;
  /** The names that its match has. */
  readonly names: readonly string[];
  selects(method: MethodDescriptor): boolean;
}

/** A method of a service that was added, with the name of its handler. */
export interface AddedMethod {
  handler: string;
  descriptor: MethodDescriptor;
}

const selectionsKey = Symbol.for("callwire.selections");
const namesKey = Symbol.for("callwire.methodNames");

/** Leaves selections on a middleware. */
export function withSelections<T extends object>(made: T, selections: readonly Selection[]): T {
  return Object.assign(made, { [selectionsKey]: selections });
}

/** The selections that {@link withSelections} left. */
export function selectionsOf(made: object): readonly Selection[] {
  return (made as { [selectionsKey]?: readonly Selection[] })[selectionsKey] ?? [];
}

/** Leaves names of methods on a function that is made of them. */
export function withMethodNames<T extends object>(made: T, names: readonly string[]): T {
  return Object.assign(made, { [namesKey]: names });
}

/** The names that {@link withMethodNames} left. */
export function methodNamesOf(made: object): readonly string[] {
  return (made as { [namesKey]?: readonly string[] })[namesKey] ?? [];
}

/** True if a method's path is meant by a name: `pkg.Service/Method`, or `pkg.Service/*`. */
export function isNamed(name: string, path: string): boolean {
  return name.endsWith("/*") ? path.startsWith(`/${name.slice(0, -1)}`) : path === `/${name}`;
}

/**
 * Checks that each name means a method, and that each selection has one.
 *
 * @throws {Error} that names what means none, and the name that is the most like it.
 */
export function checkSelections(selections: Iterable<Selection>, methods: readonly AddedMethod[]): void {
  for (const { of, names, selects } of selections) {
    for (const name of names) checkName(name, methods);
    if (methods.some(({ descriptor }) => selects(descriptor))) continue;
    throw new Error(
      `${of} hits no method of a service that was added${methods.length === 0 ? ": none was added" : ""}: ` +
        "its middleware would never run. Mend its match, or leave it out",
    );
  }
}

function checkName(name: string, methods: readonly AddedMethod[]): void {
  if (methods.some(({ descriptor }) => isNamed(name, descriptor.path))) return;
  const outside = /^\/?grpc\.(health|reflection)\./.test(name);
  throw new Error(
    `no method of a service that was added is named '${name}'` +
      (outside ? ": health and reflection are outside of all middleware" : suggestion(name, methods)),
  );
}

/** Pure: the name that was meant, if one can be told: a leading slash, a bare service, a handler's name, a slip of the pen. */
function suggestion(name: string, methods: readonly AddedMethod[]): string {
  const paths = methods.map(({ descriptor }) => descriptor.path.slice(1));
  const services = [...new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/"))))];
  const whole = services.map((service) => `${service}/*`);
  const bare = name.replace(/^\/+/, "").replace(/[/.*]+$/, "");
  const last = /[^/.#]*$/.exec(bare)![0].toLowerCase();
  const exact =
    paths.find((path) => path.toLowerCase() === bare.toLowerCase()) ??
    whole[services.findIndex((service) => [service, service.split(".").at(-1)].includes(bare))];
  const sameLast = paths.filter(
    (path, index) =>
      path.slice(path.lastIndexOf("/") + 1).toLowerCase() === last ||
      methods[index]!.handler.toLowerCase() === last,
  );
  if (exact !== undefined) return `; did you mean '${exact}'?`;
  if (name.endsWith("/*")) return didYouMean(name, whole);
  return sameLast.length > 0 ? `; did you mean '${sameLast[0]}'?` : didYouMean(bare, [...paths, ...whole]);
}
