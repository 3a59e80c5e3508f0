import { posix } from "node:path";
import type { Code } from "ts-poet";

/** A name that is imported, as ts-poet has it: with an alias, `symbol` is that, and `sourceSymbol` the name in its module. */
interface ImportedName {
  symbol: string;
  sourceSymbol?: string | undefined;
  /** The module; undefined for what is only named like an import. */
  readonly source?: string;
}

/** What ts-poet finds in code, which it has for itself. */
type Found = [used: unknown, imports: ImportedName[], defs: { readonly symbol: string }[]];

const moduleOf = (path: string): string => posix.normalize(path).replace(/\.[jt]s$/, "");

/**
 * Gives an imported name that stands for something else in a module an alias: the name and a number. ts-poet would do so too, but its
 * alias may be a name of the module, as `Same1` can be.
 *
 * @param path The module's own: its names are not imported.
 */
export function setAliases(whole: Code, path: string): void {
  const [, imports, defs] = (whole as unknown as { deepFindAll(): Found }).deepFindAll();
  const declared = new Set(defs.map(({ symbol }) => symbol));
  const all = new Set([...declared, ...imports.map(({ symbol }) => symbol)]);
  /** What each name stands for: the module that it is imported from. */
  const sources = new Map<string, string>();
  const aliases = new Map<string, string>();
  let count = 1;
  for (const each of imports) {
    const { symbol, source } = each;
    if (source === undefined || moduleOf(source) === moduleOf(path)) continue;
    if (!declared.has(symbol) && (sources.get(symbol) ?? source) === source) {
      sources.set(symbol, source);
      continue;
    }
    const key = `${symbol}@${source}`;
    let alias = aliases.get(key);
    while (alias === undefined) {
      const free = `${symbol}${count++}`;
      if (all.has(free)) continue;
      all.add(free);
      aliases.set(key, (alias = free));
    }
    each.sourceSymbol = symbol;
    each.symbol = alias;
  }
}
