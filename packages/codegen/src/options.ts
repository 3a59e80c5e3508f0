import { adviceForForeign } from "./foreign-options.js";

/** The options of the plugin: what follows `opt:` in buf.gen.yaml. */
export interface CodegenOptions {
  /**
   * How a google.protobuf.Timestamp is seen. `date`: as a Date, which loses what is finer than a millisecond, and every time
   * beyond the years that a Date has. `message`: as the message, without loss. Default: `date`.
   */
  timestamp: "date" | "message";

  /**
   * How 64-bit integers are seen. `bigint` is exact. `number` is not taken for an integer beyond 2^53: it is an error to read
   * one. `string` is exact, in decimal. Default: `bigint`.
   */
  int64: "bigint" | "number" | "string";

  /**
   * How a oneof is seen. `union`: as one property, `{ $case, value }`, which has one member by its type. `properties`: as a
   * property for each member, of which at most one is to be set. Default: `union`.
   */
  oneof: "union" | "properties";

  /** How a map is seen. `map`: as a Map. `object`: as an object without a prototype. Default: `map`. */
  map: "map" | "object";

  /** True if fields that a message's type does not have are kept and sent again. Default: true. */
  unknown_fields: boolean;

  /** True if a module with the descriptors of all files is made, `descriptor-set.ts`: for server reflection. Default: false. */
  descriptors: boolean;

  /** True if the descriptors keep the comments of the contract: for tools of the Model Context Protocol. Default: false. */
  descriptor_comments: boolean;

  /** True if a module is made for each package, `index.users.ts`, that exports all of its files. Default: true. */
  index: boolean;

  /**
   * What follows the name of a file in an import: `.js` as Node.js and `tsc` want it, `.ts` where TypeScript runs as it is,
   * `none` for bundlers that add it. Default: `.js`.
   */
  import_suffix: ".js" | ".ts" | "none";

  /**
   * True if the compiler is told to take the code as it is, by `@ts-nocheck`: it spends most of its time on a large contract on
   * the bodies of functions. The types count all the same; but if the runtime or another file is not found, they are `any`, and
   * no error says so. Default: false.
   */
  ts_nocheck: boolean;

  /**
   * The contract's version, such as `1.4.0` (semver.org), for the definitions of its services: servers name it to their clients,
   * which compare it with theirs. Services of `google.*` and `grpc.*` are left out. Default: none.
   */
  contract_version: string;

  /**
   * True if `openapi.json` is made: an OpenAPI 3.1 document of all methods that have a rule of google.api.http, as @callwire/edge
   * serves them. Its version is `contract_version`. None is made where no method has such a rule. Default: false.
   */
  openapi: boolean;

  /** The document's title. Default: the package's name. */
  openapi_title: string;

  /** The licence of the API, by its SPDX identifier, such as `Apache-2.0`. Default: none is stated. */
  openapi_license: string;

  /** How callers say who they are. `bearer`: by a token in `authorization`. Default: `none`. */
  openapi_security: "none" | "bearer";
}

/** A version without build metadata, which the plugin adds. */
const VERSION = /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

const choices = {
  timestamp: ["date", "message"],
  int64: ["bigint", "number", "string"],
  oneof: ["union", "properties"],
  map: ["map", "object"],
  unknown_fields: ["true", "false"],
  descriptors: ["false", "true"],
  descriptor_comments: ["false", "true"],
  index: ["true", "false"],
  import_suffix: [".js", ".ts", "none"],
  openapi: ["false", "true"],
  openapi_security: ["none", "bearer"],
  ts_nocheck: ["false", "true"],
} as const;

type OptionName = keyof typeof choices;

/** The options that take any text of a form. */
const texts = {
  contract_version: { form: VERSION, wanted: "a version such as 1.4.0" },
  openapi_title: { form: /\S/, wanted: "a text" },
  openapi_license: { form: /^[A-Za-z0-9.+-]+$/, wanted: "an SPDX identifier such as Apache-2.0" },
} as const;

/**
 * Reads the plugin's options.
 *
 * @throws {Error} if there is none of that name, with the nearest one, a value is none of those that it has, or there are two.
 */
export function parseOptions(given: readonly { key: string; value: string }[]): CodegenOptions {
  const values = Object.fromEntries([
    ...Object.entries(choices).map(([name, [first]]) => [name, first as string] as const),
    ...Object.keys(texts).map((name) => [name, ""] as const),
  ]);
  const seen = new Map<string, string>();
  for (const [index, { key, value }] of given.entries()) {
    const before = seen.get(key);
    if (before !== undefined && before !== value)
      throw new Error(`${key} is given twice, as "${before}" and as "${value}": leave one out`);
    seen.set(key, value);
    if (Object.hasOwn(texts, key)) {
      const { form, wanted } = texts[key as keyof typeof texts];
      if (!form.test(value)) throw new Error(`${key}=${value}: takes ${wanted}`);
      values[key] = value;
      continue;
    }
    const allowed = Object.hasOwn(choices, key)
      ? (choices[key as OptionName] as readonly string[])
      : undefined;
    if (allowed === undefined)
      throw new Error(unknownOption(key, Object.keys(values), given[index - 1]?.key));
    // An option without a value is switched on.
    const chosen = value === "" && allowed.includes("true") ? "true" : value;
    if (!allowed.includes(chosen))
      throw new Error(`${key}=${value}: takes ${allowed.join(" or ")}${didYouMean(chosen, allowed)}`);
    values[key] = chosen;
  }
  const more = Object.keys(values).find(
    (name) => name.startsWith("openapi_") && values[name] !== "" && values[name] !== "none",
  );
  if (more !== undefined && values["openapi"] === "false") throw new Error(`${more} goes with openapi=true`);
  return {
    ...values,
    unknown_fields: values["unknown_fields"] === "true",
    descriptors: values["descriptors"] === "true",
    descriptor_comments: values["descriptor_comments"] === "true",
    index: values["index"] === "true",
    openapi: values["openapi"] === "true",
    ts_nocheck: values["ts_nocheck"] === "true",
  } as CodegenOptions;
}

/** Says of an option that there is none of its name, and what to write instead. */
function unknownOption(key: string, known: readonly string[], before: string | undefined): string {
  const none = `no option "${key}"`;
  const [, name, value] = /^(\w+) ?: ?(\S+)$/.exec(key) ?? [];
  if (name !== undefined && known.includes(name)) return `${none}: write "${name}=${value}"`;
  const advice = adviceForForeign(key);
  if (advice !== undefined) return `${none}: ${advice}`;
  const meant = nearest(key, known);
  if (meant !== undefined) return `${none}: did you mean "${meant}"?`;
  if (before !== undefined && Object.hasOwn(texts, before))
    return `${none}: a comma begins the next option, so the text of ${before} can have none`;
  return `${none}: there are ${known.join(", ")}`;
}

function didYouMean(value: string, allowed: readonly string[]): string {
  const meant = nearest(value, allowed);
  return meant === undefined ? "" : `; did you mean "${meant}"?`;
}

/** The name that is the fewest changes of a letter away; undefined if a third of its letters, or more, are others. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const wrong = plain(name);
  const [found] = names
    .map((known) => ({ known, letters: distance(wrong, plain(known)) }))
    .filter(({ known, letters }) => letters <= Math.max(1, known.length / 3))
    .toSorted((a, b) => a.letters - b.letters);
  return found?.known;
}

/** A name without what people write in more than one way. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_. ]/g, "");
}

/** Levenshtein distance: how many letters must be put in, left out or changed. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
