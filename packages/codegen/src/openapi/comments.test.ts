import { describe, expect, test } from "@jest/globals";
import { markdown, splitExample, splitSummary } from "./comments.js";

describe("markdown", () => {
  test.each([
    ["a < b, a <= b, 1 << 2", "a < b, a <= b, 1 << 2"],
    ["<b>bold</b> <!-- note --> <?php", "&lt;b>bold&lt;/b> &lt;!-- note --> &lt;?php"],
    ["`<b>` and ``a ` <i>`` <u>", "`<b>` and ``a ` <i>`` &lt;u>"],
    ["[a](b) ![c](d) [e]", "\\[a](b) !\\[c](d) \\[e]"],
    ["\\[a](b) \\\\[a](b)", "\\[a](b) \\\\\\[a](b)"],
    ["JavaScript:alert(1)", "JavaScript&#58;alert(1)"],
    // Where a span of code ends is for the whole paragraph to say.
    ["`a\nb` <i>`c`", "`a\nb` &lt;i>`c`"],
    ["`a | <i>`", "`a | &lt;i>`"],
    ["\\`<i>`", "\\`&lt;i>`"],
    ["`a\n\n`<i>`", "`a\n\n`<i>`"],
    ["- *one*\n- **two**", "- *one*\n- **two**"],
  ])("%j is %j", (comment, expected) => {
    expect(markdown(comment)).toBe(expected);
  });
});

describe("splitSummary", () => {
  test.each([
    ["Returns one. NOT_FOUND if none.", "Returns one", "NOT_FOUND if none."],
    ["Returns e.g. one\nof `two`.\n\nMore.", "Returns e.g. one of two", "More."],
    ["No end", "No end", ""],
    ["Version 1.5 is it", "Version 1.5 is it", ""],
    ["", "", ""],
    [`${"x".repeat(121)}. Rest.`, "", `${"x".repeat(121)}. Rest.`],
  ])("of %j", (comment, summary, rest) => {
    expect(splitSummary(comment)).toEqual({ summary, rest });
  });
});

test("an example is a paragraph of its own", () => {
  expect(splitExample("A.\n\nExample: b c\n\nD.")).toEqual({ text: "A.\n\nD.", example: "b c" });
  expect(splitExample("An Example: none")).toEqual({ text: "An Example: none", example: undefined });
});
