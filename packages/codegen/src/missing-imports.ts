import { posix } from "node:path";

/** The module that a line of a generated file imports or exports again, if it is one beside it. */
const RELATIVE_IMPORT = /^(?:import |export |\} ).*from "(\.{1,2}\/[^"]+)";$/gm;

/**
 * Pure: warns of modules that others import and nobody makes, since a run without them is most often one without the settings for
 * it; undefined if there are none.
 */
export function missingImports(
  modules: readonly { readonly name: string; readonly content: string }[],
): string | undefined {
  const made = new Set(modules.map(({ name }) => withoutEnding(name)));
  for (const { name, content } of modules) {
    for (const [, path] of content.matchAll(RELATIVE_IMPORT)) {
      const imported = withoutEnding(posix.join(posix.dirname(name), path!));
      if (made.has(imported)) continue;
      return (
        `warning: ${name} imports ${imported}.ts, which this run does not make. With buf, set 'strategy: all', ` +
        `'include_imports: true' and 'include_wkt: true' in buf.gen.yaml; with protoc, name ${imported}.proto too`
      );
    }
  }
  return undefined;
}

function withoutEnding(path: string): string {
  return path.replace(/\.[jt]s$/, "");
}
