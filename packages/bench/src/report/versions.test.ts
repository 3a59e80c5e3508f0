import { expect, test } from "@jest/globals";
import { versions } from "./versions.js";

test("a report names the version of each package that takes part", () => {
  const found = versions();
  expect(found).toMatchObject({ node: process.version, "@callwire/transport": expect.any(String) });
  const peers = ["nice-grpc", "@grpc/grpc-js", "@connectrpc/connect", "fastify", "undici", "hono", "elysia"];
  for (const name of peers) expect(found[name]).toMatch(/^\d+\.\d+\.\d+/);
});

test("what is not installed is not named", () => {
  expect(Object.values(versions())).not.toContain(undefined);
});
