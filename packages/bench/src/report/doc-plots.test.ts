import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { docPlots } from "./doc-plots.js";

const docs = readFileSync("../../docs/measurements.md", "utf8");

test("the pictures are what the tables say: run 'pnpm docs:plots', and commit them", () => {
  const plots = docPlots(docs);
  expect(plots.size).toBe(8);
  for (const [name, svg] of plots) {
    expect(docs).toContain(`images/${name}`);
    expect(readFileSync(`../../docs/images/${name}`, "utf8") === svg ? name : `${name} is old`).toBe(name);
  }
});

test("a bar is as long as its value, from zero, and what was not measured has none", () => {
  const text = docs.replace(
    /(<!-- measured: streams -->\n).*?(<!-- end -->)/s,
    "$1\n| peer | server-stream, messages/s | client-stream |\n| --- | --- | --- |\n| one | 1,000 | — |\n| two | 250 | 3 |\n\n$2",
  );
  const svg = docPlots(text).get("streams-light.svg")!;
  const widths = Array.from(svg.matchAll(/<rect [^>]*width="([\d.]+)"/g), ([, width]) => Number(width));
  expect(widths).toHaveLength(3);
  expect(widths[1]! / widths[0]!).toBeCloseTo(0.25, 2);
});

test("a column that is not there is an error", () => {
  expect(() => docPlots(docs.replaceAll("client-stream", "other"))).toThrow("no table has a column");
});
