// What a page loads for the client for browsers.
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import { build } from "esbuild";
import { webClientLimits } from "../published-limits.js";

test("a page with one message and its service loads little", async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("one-message.ts", import.meta.url))],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    // The packages' own is for their sources.
    tsconfigRaw: "{}",
    write: false,
  });
  const { contents } = outputFiles[0]!;
  const sizes = {
    gzipBytes: gzipSync(contents, { level: 9 }).length,
    brotliBytes: brotliCompressSync(contents).length,
  };
  // Raise a limit only with a reason in the commit.
  expect({ ...sizes, isGzipIn: sizes.gzipBytes <= webClientLimits.gzipBytes }).toMatchObject({
    isGzipIn: true,
  });
  expect({ ...sizes, isBrotliIn: sizes.brotliBytes <= webClientLimits.brotliBytes }).toMatchObject({
    isBrotliIn: true,
  });
});
