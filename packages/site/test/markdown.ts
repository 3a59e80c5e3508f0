/** A block of code in a page. */
export interface Block {
  /** The first word behind the fence: its language. */
  language: string;
  code: string;
  /** The number of its first line of code. */
  line: number;
  /** The path of the file that it is, if the paragraph before it says nothing but "`path`:". */
  file: string | undefined;
}

/** The blocks of code of a page, in order. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  for (const match of markdown.matchAll(/^```(\w*)[^\n]*\n(.*?)^```$/gms)) {
    const [, language = "", code = ""] = match;
    const before = markdown.slice(0, match.index).trimEnd().split("\n\n").at(-1) ?? "";
    const file = /^`([^`\n]+)`:$/.exec(before)?.[1];
    blocks.push({ language, code, line: markdown.slice(0, match.index).split("\n").length + 1, file });
  }
  return blocks;
}

/** A command of a block of shell code. */
export interface Command {
  /** The line without its comment. */
  text: string;
  /** The comment behind it: what a reader does, or sees. */
  comment: string;
  line: number;
}

/** The commands of a block, one for each line. */
export function commandsOf({ code, line }: Block): Command[] {
  return code.split("\n").flatMap((written, index) => {
    const [, text = "", comment = ""] = /^(.*?)(?:\s+# (.*))?$/.exec(written) ?? [];
    return text.trim() === "" ? [] : [{ text: text.trim(), comment, line: line + index }];
  });
}

/** True if an output is as a page shows it: `…` stands for anything, a line of it alone for any lines. */
export function isAsShown(output: string, shown: string): boolean {
  const pattern = shown
    .trim()
    .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
    .replace(/^…$/gm, "[^]*")
    .replaceAll("…", ".*");
  return new RegExp(`^${pattern}$`).test(output.trim());
}
