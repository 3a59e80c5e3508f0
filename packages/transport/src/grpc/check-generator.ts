import { tagOf } from "./check-options.js";

/** What a function is, that can be no middleware of nice-grpc, by its built-in kind. */
const otherKinds: Readonly<Record<string, string>> = {
  AsyncFunction: "an async function",
  GeneratorFunction: "a generator that is not async",
};

/**
 * Checks a function that is given as middleware of nice-grpc, which must give an async generator.
 *
 * @throws {TypeError} if it never can: no call would pass it.
 */
export function checkGenerator(place: string, middleware: Function): void {
  const kind = otherKinds[tagOf(middleware)];
  if (kind === undefined) return;
  const name = middleware.name === "" ? "" : ` (${middleware.name})`;
  throw new TypeError(
    `${place}${name} is ${kind}: a middleware is an async generator, 'async function*', or an object of phases`,
  );
}
