import { didYouMean } from "./nearest-name.js";

// `forMethods` and `except` leave the names of methods that they were given on what they return, so that a server can find
// those that name nothing.

const key = Symbol.for("callwire.methodNames");

/** Leaves names of methods on what is made of them. */
export function withMethodNames<T extends object>(made: T, names: readonly string[]): T {
  return Object.assign(made, { [key]: names });
}

/** The names that {@link withMethodNames} left. */
export function methodNamesOf(made: object): readonly string[] {
  return (made as { [key]?: readonly string[] })[key] ?? [];
}

/** True if a method's path is meant by a name: `pkg.Service/Method`, or `pkg.Service/*`. */
export function isNamed(name: string, path: string): boolean {
  return name.endsWith("/*") ? path.startsWith(`/${name.slice(0, -1)}`) : path === `/${name}`;
}

/**
 * Checks that each name means a method.
 *
 * @param paths The paths of all methods that there are.
 * @throws {Error} that names what means none, and the name that is the most like it.
 */
export function checkMethodNames(names: readonly string[], paths: readonly string[]): void {
  for (const name of names) {
    if (paths.some((path) => isNamed(name, path))) continue;
    const known = paths.map((path) => path.slice(1));
    const alike = name.endsWith("/*")
      ? new Set(known.map((method) => `${method.slice(0, method.lastIndexOf("/"))}/*`))
      : known;
    throw new Error(`no method of a service that was added is named '${name}'${didYouMean(name, alike)}`);
  }
}
