import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { docTables } from "./doc-tables.js";
import { fillTables } from "./fill-docs.js";
import type { Report, Result } from "./results.js";

const result = (work: string, peer: string, rate: number): Result => ({
  work,
  peer,
  unit: "calls/s",
  median: { rate, rssPerStream: 2048 },
  rates: [rate],
});

const report = (...results: Result[]): Report => ({
  date: "2026-01-02T03:04:05.000Z",
  machine: { cpu: "a CPU", cores: 2, memoryBytes: 0, kernel: "", pinned: true },
  versions: { node: "v1.2.3" },
  settings: {
    only: undefined,
    peers: [],
    nodes: [],
    rounds: 3,
    seconds: 1,
    quick: false,
    out: "",
    runtime: "transport",
    before: undefined,
  },
  results,
  absent: [],
});

test("a table stands where the text has its name, and nothing else changes", () => {
  const text = "before\n\n<!-- measured: one -->\n\n| old |\n\n<!-- end -->\n\nafter\n";
  const table = [
    ["a", "head"],
    ["row", "1"],
  ];
  expect(fillTables(text, new Map([["one", table]]))).toBe(
    "before\n\n<!-- measured: one -->\n\n| a   | head |\n| --- | ---- |\n| row | 1    |\n\n<!-- end -->\n\nafter\n",
  );
});

test("a table without anything measured leaves the one of before", () => {
  const text = "<!-- measured: one -->\n\n| old |\n\n<!-- end -->\n";
  const table = [
    ["a", "head"],
    ["row", "—"],
  ];
  expect(fillTables(text, new Map([["one", table]]))).toBe(text);
});

test("a table that is not there is an error", () => {
  const fill = () => fillTables("<!-- measured: two -->\n\n<!-- end -->\n", new Map([["one", [["a"]]]]));
  expect(fill).toThrow("there is no table two; there is one");
});

test("of several runs each work is the last one's, and what no run has is a dash", () => {
  const first = report(result("product-get-64", "product", 1000), result("product-watch", "product", 500));
  const second = report(
    result("product-get-64", "product", 2000.4),
    result("product-get-64", "rest-full", 100),
  );
  const tables = docTables([first, second]);
  expect(tables.get("product")?.[1]).toEqual(["SDK, kit, users service", "2,000", "—", "—", "—"]);
  expect(tables.get("product-watch")?.[1]).toEqual(["SDK, kit, users service", "2.00 KB", "500", "—"]);
  expect(tables.get("judged")).toContainEqual([
    "P1 GetUser, 64 in flight",
    "≥ 10 × rest-full",
    "20.00 ×",
    "met",
  ]);
  expect(tables.get("runs")?.map((row) => row[3])).toEqual(["versions", "node v1.2.3", "as above"]);
});

test("the documentation has every table", () => {
  const docs = readFileSync("../../docs/measurements.md", "utf8");
  const names = Array.from(docs.matchAll(/<!-- measured: (.*?) -->/g), ([, name]) => name);
  expect(new Set(names)).toEqual(new Set(docTables([]).keys()));
  expect(docs.match(/<!-- end -->/g)).toHaveLength(names.length);
});
