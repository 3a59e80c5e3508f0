import type { DescFile } from "@bufbuild/protobuf";
import { sourceComment, sourceCommentOfPackage, type Commented } from "../source-comments.js";

/** Comments for the contract's own people (AIP-192, "Internal comments"), and those to its linters. */
const INTERNAL = /\(--[^]*?--\)|^[ \t]*buf:lint:.*$/gm;

/** The longest summary, in characters: more is no heading. */
const MAX_SUMMARY = 120;

/** The comment of a part of the contract; empty if there is none. */
export function commentOf(desc: Commented): string {
  return cleaned(sourceComment(desc));
}

/** The comment of a file's package. */
export function packageCommentOf(file: DescFile): string {
  return cleaned(sourceCommentOfPackage(file));
}

function cleaned(comment: string): string {
  const lines = comment.replace(/^\*/, "").replaceAll(INTERNAL, "").split("\n");
  return lines
    .map((line) => line.replace(/^ /, "").trimEnd())
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}

/** Takes the example off a comment: a paragraph of it that begins with `Example:`. */
export function splitExample(comment: string): { text: string; example: string | undefined } {
  const paragraphs = comment.split("\n\n");
  const at = paragraphs.findIndex((paragraph) => paragraph.startsWith("Example: "));
  if (at < 0) return { text: comment, example: undefined };
  const [found = ""] = paragraphs.splice(at, 1);
  return { text: paragraphs.join("\n\n"), example: found.slice("Example: ".length).trim() };
}

/** The first sentence of a comment, for a heading, which is plain text, and the rest of it; no summary if it is too long. */
export function splitSummary(comment: string): { summary: string; rest: string } {
  const [paragraph = ""] = comment.split("\n\n", 1);
  const [sentence = ""] = /^.*?(?:\.(?=\s+[^a-z\s]|$)|$)/s.exec(paragraph) ?? [];
  const summary = sentence.replaceAll(/\s+/g, " ").replaceAll("`", "").replace(/\.$/, "").trim();
  return summary.length > MAX_SUMMARY
    ? { summary: "", rest: comment }
    : { summary, rest: comment.slice(sentence.length).trim() };
}

const CODE_SPAN = /(?<!`)(`+)(?!`)(?:[^`]|[^`].*?[^`])\1(?!`)/g;

/**
 * A comment as the CommonMark that OpenAPI has: its lists, its emphasis and its code are what they look like. HTML, links and
 * pictures are text; only an address of the web that stands there openly may become a link.
 */
export function markdown(comment: string): string {
  return comment.split("\n\n").map(paragraphMarkdown).join("\n\n");
}

function paragraphMarkdown(paragraph: string): string {
  const lines = paragraph.split("\n");
  // Spans of code are sure where each begins and ends on one line, and nothing else has a say in it: escapes, cells of a table.
  const isSure =
    !/\\`|\|/.test(paragraph) && lines.every((line) => !line.replaceAll(CODE_SPAN, "").includes("`"));
  if (!isSure) return escaped(paragraph);
  return lines
    .map((line) => {
      let at = 0;
      let text = "";
      for (const { index, 0: span } of line.matchAll(CODE_SPAN)) {
        text += escaped(line.slice(at, index)) + span;
        at = index + span.length;
      }
      return text + escaped(line.slice(at));
    })
    .join("\n");
}

function escaped(text: string): string {
  return (
    text
      .replaceAll(/<(?=[A-Za-z/!?])/g, "&lt;")
      // No link is left that it could be in; linters look for it all the same.
      .replaceAll(/\b(javascript|vbscript):/gi, "$1&#58;")
      .replaceAll(/(\\*)\[/g, (all, slashes: string) => (slashes.length % 2 === 0 ? `${slashes}\\[` : all))
  );
}
