import { relative } from "node:path";
import { createInterface } from "node:readline/promises";
import { readArguments, usage } from "./arguments.js";
import { createProject, ownVersion } from "./create-project.js";
import { targetOf } from "./package-name.js";
import { UsageError } from "./usage-error.js";

/** Runs the program; resolves to its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { target, template, help, version } = readArguments(args, process.env);
    if (help || version) {
      console.log(help ? usage : ownVersion());
      return 0;
    }
    const project = targetOf(target ?? (await askForName()), process.cwd());
    createProject(project, template);
    console.log(nextSteps(project.folder, template));
    return 0;
  } catch (error) {
    const mistake = error instanceof UsageError;
    console.error(`create-callwire: ${error instanceof Error ? error.message : String(error)}`);
    if (mistake) console.error("'npm create callwire@latest -- --help' says how to run it");
    return 1;
  }
}

/** @throws {UsageError} if there is nobody to ask. */
async function askForName(): Promise<string> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new UsageError(
      "give the name of the folder to make, as in 'npm create callwire@latest my-service'",
    );
  }
  const questions = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = (await questions.question("Name of the folder to make (my-service): ")).trim();
    return answer === "" ? "my-service" : answer;
  } finally {
    questions.close();
  }
}

function nextSteps(folder: string, template: string): string {
  const place = relative(process.cwd(), folder);
  // npm, pnpm, yarn and bun all say who they are.
  const manager = /^(npm|pnpm|yarn|bun)\//.exec(process.env["npm_config_user_agent"] ?? "")?.[1] ?? "npm";
  const steps = [
    ...(place === "" ? [] : [`cd ${place.includes(" ") ? JSON.stringify(place) : place}`]),
    `${manager} install`,
    `${manager} ${manager === "bun" ? "run test" : "test"}`,
    ...(template === "middleware" ? [] : [`${manager} ${manager === "npm" ? "" : "run "}start`]),
  ];
  return `Made ${folder} of the template '${template}'. Next:\n\n${steps.map((step) => `  ${step}\n`).join("")}`;
}
