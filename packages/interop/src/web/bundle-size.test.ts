// What a page loads for the client for browsers.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import { build } from "esbuild";
import { webClientLimits } from "../published-limits.js";

async function pageScript(...conditions: string[]): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("one-message.ts", import.meta.url))],
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

/** What the guide says of each: of gzip and, for users, of Brotli, in KB. */
const guide = readFileSync(new URL("../../../../docs/guides/browsers.md", import.meta.url), "utf8");
const said = {
  production: /loads ([\d.]+) KB, compressed by gzip, or ([\d.]+) KB by Brotli/.exec(guide),
  default: /With esbuild's own conditions it is ([\d.]+) KB/.exec(guide),
};

// Raise a limit only with a reason in the commit.
test.each(["default", "production"] as const)(
  "a page with one message loads little: %s",
  async (condition) => {
    const script = await pageScript(...(condition === "default" ? [] : [condition]));
    const limits = webClientLimits[condition];
    const gzipBytes = gzipSync(script, { level: 9 }).length;
    const brotliBytes = brotliCompressSync(script).length;
    expect([gzipBytes, gzipBytes <= limits.gzipBytes]).toEqual([gzipBytes, true]);
    expect([brotliBytes, brotliBytes <= limits.brotliBytes]).toEqual([brotliBytes, true]);
    const [, gzip, brotli = brotliBytes / 1000] = said[condition]!;
    for (const [figure, bytes] of [[gzip, gzipBytes] as const, [brotli, brotliBytes] as const]) {
      const isNear = Math.abs(Number(figure) - bytes / 1000) < 0.15;
      expect(["docs/guides/browsers.md", figure, bytes, isNear]).toEqual(expect.arrayContaining([true]));
    }
  },
);

test("a page for users is without the checks of options, and a page without JSON of messages without its code", async () => {
  const texts = await Promise.all(
    [pageScript(), pageScript("production")].map(async (script) => new TextDecoder().decode(await script)),
  );
  expect(texts.map((text) => text.includes("did you mean"))).toEqual([true, false]);
  expect(texts.map((text) => text.includes("JsonError"))).toEqual([false, false]);
});
