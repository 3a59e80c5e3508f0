import { posix } from "node:path";

const STAR_EXPORT = /^export \* from "(.*)";$/gm;
const EXPORT = /^export (?:const|interface|namespace|type) (\w+)/gm;

/**
 * Pure: an index with a line for each name that several of its modules export, as `fooBar` is that of `foo_bar` and of `fooBar`. It is
 * that of the first module: the compiler refuses it otherwise, and JavaScript leaves it out.
 *
 * @param contents The modules, by their paths.
 */
export function withSharedExports(
  path: string,
  index: string,
  contents: ReadonlyMap<string, string>,
): string {
  const owners = new Map<string, string>();
  const shared = new Set<string>();
  for (const [, source] of index.matchAll(STAR_EXPORT)) {
    const module = posix.join(posix.dirname(path), source!);
    const content = contents.get(`${module}.ts`) ?? contents.get(module.replace(/\.[jt]s$/, ".ts")) ?? "";
    for (const name of new Set(Array.from(content.matchAll(EXPORT), ([, name]) => name!))) {
      if (owners.has(name)) shared.add(name);
      else owners.set(name, source!);
    }
  }
  if (shared.size === 0) return index;
  const lines = Array.from(shared, (name) => `export { ${name} } from "${owners.get(name)}";\n`);
  return `${index}\n// Names that another module has too: its own are in that one alone.\n${lines.join("")}`;
}
