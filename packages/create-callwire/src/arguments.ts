import { parseArgs } from "node:util";
import { didYouMean } from "./nearest.js";
import { templates, type TemplateName } from "./templates.js";
import { UsageError } from "./usage-error.js";

/** What the command line asks for. */
export interface Arguments {
  /** The project's folder or name; undefined if it is not given. */
  target: string | undefined;
  template: TemplateName;
  help: boolean;
  version: boolean;
}

const options = {
  template: { type: "string", short: "t" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;

/** How to run it. */
export const usage = `npm create callwire@latest <folder> [-- options]

  <folder>            the folder to make, whose name is the package's; '.' for this one

  -t, --template      ${templates.map(({ name }) => name).join(", ")} (default: service)
${templates.map(({ name, about }) => `                        ${name.padEnd(11)} ${about}`).join("\n")}
  -h, --help          this text
  -v, --version       the version of Callwire that the project gets`;

/**
 * Reads the command line.
 *
 * @param env npm keeps an option that stands before `--` to itself, and passes it on in its environment.
 * @throws {UsageError} that names an option or a template that there is not, with the nearest one.
 */
export function readArguments(args: readonly string[], env: NodeJS.ProcessEnv = {}): Arguments {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    if (!Object.hasOwn(options, name)) {
      const hint = didYouMean(name, Object.keys(options)).replace("'", "'--");
      throw new UsageError(`there is no option '${rawName}'${hint}`);
    }
    const takesValue = options[name as keyof typeof options].type === "string";
    if (takesValue && (value === undefined || value === "")) throw new UsageError(`${rawName} needs a value`);
    if (!takesValue && value !== undefined) throw new UsageError(`${rawName} takes no value`);
  }
  if (positionals.length > 1) {
    throw new UsageError(
      `one folder can be made at a time, and these are ${positionals.length}: ${positionals.join(", ")}`,
    );
  }
  const { template = env["npm_config_template"] ?? "service", help = false, version = false } = values;
  return {
    target: positionals[0] === "" ? undefined : positionals[0],
    template: templateNamed(template as string),
    help: help === true,
    version: version === true,
  };
}

function templateNamed(name: string): TemplateName {
  const names = templates.map((template) => template.name);
  const found = names.find((known) => known === name);
  if (found !== undefined) return found;
  throw new UsageError(
    `there is no template '${name}'${didYouMean(name, names) || "."} There are ${names.join(", ")}`,
  );
}
