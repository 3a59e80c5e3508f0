/** The options of other generators that have a counterpart here. */
const COUNTERPARTS: Readonly<Record<string, string>> = {
  // ts-proto
  forceLong: "int64",
  outputIndex: "index",
  useDate: "timestamp",
  useMapType: "map",
  // protobuf-es
  import_extension: "import_suffix",
};

/** The options of other generators that have none, since the code needs none. */
const NEEDLESS: ReadonlySet<string> = new Set([
  // ts-proto
  "env",
  "esModuleInterop",
  "outputServices",
  "useExactTypes",
  // protobuf-es
  "target",
]);

/** Pure: the advice for an option of another generator, such as ts-proto's `forceLong`; undefined if it is none of them. */
export function adviceForForeign(name: string): string | undefined {
  if (NEEDLESS.has(name)) return "another generator has it, and this one needs none: leave it out";
  if (!Object.hasOwn(COUNTERPARTS, name)) return undefined;
  return `another generator has it, and here it is "${COUNTERPARTS[name]}"`;
}
