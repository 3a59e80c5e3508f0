/** The module of a package: its path and its lines. */
export interface Index {
  path: string;
  lines: string[];
}

/**
 * Pure: a module for each package, `index.users.ts`, that exports what the modules of its files do, and the packages within it by their
 * names; `index.ts` is that of files without a package. As ts-proto makes them, for packages of any name.
 *
 * @param modules The module of each file, without an ending, and the file's package.
 * @param suffix The ending of an imported module.
 */
export function indexesOf(
  modules: readonly { readonly module: string; readonly packageName: string }[],
  suffix: string,
): Index[] {
  const indexes = new Map<string, Index>();
  const indexOf = (packageName: string): Index => {
    const known = indexes.get(packageName);
    if (known !== undefined) return known;
    const name = packageName === "" ? "index" : `index.${packageName}`;
    const index = { path: `${name}.ts`, lines: [] };
    indexes.set(packageName, index);
    if (packageName !== "") {
      const parts = packageName.split(".");
      const last = parts.pop()!;
      indexOf(parts.join(".")).lines.push(`export * as ${last} from "./${name}${suffix}";`);
    }
    return index;
  };
  indexOf("");
  for (const { module, packageName } of modules) {
    indexOf(packageName).lines.push(`export * from "./${module}${suffix}";`);
  }
  return [...indexes.values()];
}
