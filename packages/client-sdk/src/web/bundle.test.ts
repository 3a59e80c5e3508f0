// What an application for browsers gets: its bundle, and the types that it compiles with.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "@jest/globals";
import { build } from "esbuild";

/** An application. */
const program = `
import { HealthDefinition } from "@callwire/contracts/grpc/health/v1";
import { createClient, grpcWeb } from "@callwire/client-sdk/web";

const health = createClient(HealthDefinition, { baseUrl: "/rpc", protocol: grpcWeb });
console.log((await health.check({ service: "" })).status);
`;

/** More that compiles, or does not. */
const types = `
import { CallError, connect, grpcWeb, Status } from "@callwire/client-sdk/web";
import { createUsersClient } from "@callwire/client-sdk/web/users";

const protocol = location.search === "" ? connect : grpcWeb;
const users = createUsersClient({ baseUrl: "/rpc", protocol, credentials: "include", fetch });
try {
  for await (const { user } of users.watchUsers({}, { timeoutMs: 5 })) console.log(user?.name);
} catch (error) {
  if (error instanceof CallError && error.code === Status.NOT_FOUND) console.log(error.details.errorInfo?.reason);
}
users.close();
// @ts-expect-error -- of the client of Node.js
createUsersClient({ baseUrl: "/rpc", protocol, address: "127.0.0.1:50051" });
// @ts-expect-error -- without a protocol
createUsersClient({ baseUrl: "/rpc" });
// @ts-expect-error -- a protocol is imported, not named
createUsersClient({ baseUrl: "/rpc", protocol: "connect" });
`;

const packageFolder = fileURLToPath(new URL("../..", import.meta.url));
// Inside of the package, where its dependencies are found.
const folder = mkdtempSync(join(packageFolder, "node_modules", ".web-"));
const app = join(folder, "app.ts");
writeFileSync(app, program);
afterAll(() => rmSync(folder, { recursive: true }));

test("a bundle has nothing of Node.js, and no JSON of messages", async () => {
  const { outputFiles } = await build({
    entryPoints: [app],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    // The settings of the packages' sources are not the application's.
    tsconfigRaw: "{}",
    write: false,
  });
  const [{ text } = { text: "" }] = outputFiles;
  // Not the text: it is long.
  expect(/node:|require\(|\bprocess\b|\bBuffer\b/.exec(text)?.[0]).toBeUndefined();
  expect(text).toContain("enableJson");
  expect(text).not.toContain("JsonError");
});

test.each([
  ["connect", "x-grpc-web", "connect-protocol-version"],
  ["grpcWeb", "connect-protocol-version", "x-grpc-web"],
])("a bundle that imports %s is without the other protocol", async (name, absent, present) => {
  const { outputFiles } = await build({
    stdin: { contents: program.replaceAll("grpcWeb", name), resolveDir: folder, loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "browser",
    tsconfigRaw: "{}",
    write: false,
  });
  expect([absent, present].map((field) => outputFiles[0]!.text.includes(field))).toEqual([false, true]);
});

test("an application compiles without the types of Node.js", () => {
  writeFileSync(join(folder, "types.ts"), types);
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: false,
    types: [],
    lib: ["es2022", "dom"],
    target: "es2022",
    module: "esnext",
    moduleResolution: "bundler",
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: ["app.ts", "types.ts"] }),
  );
  const compiler = fileURLToPath(new URL("bin/tsc", import.meta.resolve("typescript/package.json")));
  execFileSync(process.execPath, [compiler, "-p", folder], { stdio: "inherit" });
});
