// What a page loads for the client for browsers.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import { build } from "esbuild";
import { webClientLimits } from "../published-limits.js";

const folder = fileURLToPath(new URL(".", import.meta.url));
/** The script of a page that calls over Connect. */
const source = readFileSync(join(folder, "one-message.ts"), "utf8");

async function pageScript(protocol: "connect" | "grpcWeb", ...conditions: string[]): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: source.replace(/\bconnect\b/g, protocol), resolveDir: folder, loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    conditions,
    // The packages' own is for their sources.
    tsconfigRaw: "{}",
    write: false,
  });
  return outputFiles[0]!.contents;
}

const guide = readFileSync(new URL("../../../../docs/guides/browsers.md", import.meta.url), "utf8");

// Raise a limit only with a reason in the commit.
test.each([
  ["connect", "production"],
  ["grpcWeb", "production"],
  ["connect", "default"],
] as const)("a page with one message loads little: %s, %s", async (protocol, condition) => {
  const script = await pageScript(protocol, ...(condition === "default" ? [] : [condition]));
  const limits = webClientLimits[condition];
  const gzipBytes = gzipSync(script, { level: 9 }).length;
  const brotliBytes = brotliCompressSync(script).length;
  expect([gzipBytes, gzipBytes <= limits.gzipBytes]).toEqual([gzipBytes, true]);
  expect([brotliBytes, brotliBytes <= limits.brotliBytes]).toEqual([brotliBytes, true]);
  // The guide's table has them in KB.
  const row = new RegExp(
    `\\| \`${protocol}\` +\\| ${condition} +\\| ([\\d.]+) KB +\\| ([\\d.]+) KB +\\|`,
  ).exec(guide);
  for (const [index, bytes] of [gzipBytes, brotliBytes].entries()) {
    const figure = Number(row?.[index + 1]);
    expect(["docs/guides/browsers.md", figure, bytes, Math.abs(figure - bytes / 1000) < 0.1]).toEqual(
      expect.arrayContaining([true]),
    );
  }
});

test("a page for users is without checks of options and advice, and a page without JSON of messages without its code", async () => {
  const texts = await Promise.all(
    [pageScript("connect"), pageScript("connect", "production")].map(async (script) =>
      new TextDecoder().decode(await script),
    ),
  );
  expect(texts.map((text) => text.includes("did you mean"))).toEqual([true, false]);
  expect(texts.map((text) => text.includes("CORS"))).toEqual([true, false]);
  expect(texts.map((text) => text.includes("JsonError"))).toEqual([false, false]);
});
