import { code, imp, type Code } from "ts-poet";

/** A piece of a line: text, or a name that is imported. */
export type Part = Code | string;

/** Something of the runtime that generated code imports. */
export const runtime = (name: string): Part => code`${imp(`${name}@@callwire/protobuf`)}`;
export const runtimeType = (name: string): Part => code`${imp(`t:${name}@@callwire/protobuf`)}`;

export function asCode(part: Part): Code {
  return typeof part === "string" ? code`${part}` : part;
}

export function indent(lines: readonly Part[], by: number): Part[] {
  const space = " ".repeat(by);
  return lines.map((line) => code`${space}${line}`);
}

/** The most lines that one function has: the compiler follows the flow of a few thousand. */
const MAX_LINES = 400;

/** The lines of statements as they are, or in functions that are called one after the other if they are very many. */
export function inParts(statements: readonly Part[][]): Part[] {
  if (statements.flat().length <= MAX_LINES) return statements.flat();
  const parts: Part[][] = [[]];
  for (const lines of statements) {
    const last = parts.at(-1)!;
    if (last.length > 0 && last.length + lines.length > MAX_LINES) parts.push([...lines]);
    else last.push(...lines);
  }
  // No name of a contract has a dollar sign.
  return parts.flatMap((lines, index) => [
    `const $${index} = () => {`,
    ...indent(lines, 2),
    "};",
    `$${index}();`,
  ]);
}

/** The most characters of a line, indentation included. */
const LINE = 110;

/** A list of items, as many in a line as there is room for behind `by` spaces, which the caller adds. */
export function wrap(start: string, items: readonly string[], end: string, by: number): string[] {
  if (items.length === 0) return [`${start}${end}`];
  const room = LINE - by;
  const whole = `${start} ${items.join(", ")} ${end}`;
  if (whole.length <= room) return [whole];
  const lines = [start];
  for (const item of items) {
    const last = lines.at(-1)!;
    if (lines.length > 1 && last.length + item.length < room - 2)
      lines[lines.length - 1] = `${last} ${item},`;
    else lines.push(`  ${item},`);
  }
  return [...lines, end];
}
