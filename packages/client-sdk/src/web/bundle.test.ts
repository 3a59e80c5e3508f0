// What an application for browsers gets: its bundle, and the types that it compiles with.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "@jest/globals";
import { build } from "esbuild";

/**
 * The most that a bundle of one message and its service takes, compressed. @callwire/protobuf is 6.6 KB of it: its codec, and JSON,
 * which a message type cannot be without.
 */
const MAX_GZIP_BYTES = 20_500;

/** The code of one message and its service, as protoc-gen-callwire makes it, and a client of it. */
const program = `
import { type MessageType, messageType, string } from "@callwire/protobuf";
import { createClient } from "@callwire/client-sdk/web";

export interface Note {
  text: string;
}

export const Note: MessageType<Note> = /* @__PURE__ */ messageType<Note>({
  name: "notes.v1.Note",
  create: () => ({ text: "" }),
  write(m, w) {
    if (m.text !== "") w.string(10, m.text);
    w.unknown(m);
  },
  read(m, r) {
    while (r.position < r.limit) {
      const tag = r.tag();
      switch (tag) {
        case 10: m.text = r.string(); break;
        default: r.unknown(tag, m);
      }
    }
  },
  fields: () => ({
    text: string,
  }),
});

export type NoteServiceDefinition = typeof NoteServiceDefinition;
export const NoteServiceDefinition = {
  name: "NoteService",
  fullName: "notes.v1.NoteService",
  methods: {
    add: {
      name: "Add",
      requestType: Note,
      requestStream: false,
      responseType: Note,
      responseStream: false,
      options: {},
    },
    watch: {
      name: "Watch",
      requestType: Note,
      requestStream: false,
      responseType: Note,
      responseStream: true,
      options: {},
    },
  },
} as const;

const notes = createClient(NoteServiceDefinition, { baseUrl: "/rpc" });
console.log((await notes.add({ text: "milk" })).text);
`;

/** More that compiles, or does not. */
const types = `
import { CallError, Status } from "@callwire/client-sdk/web";
import { createUsersClient } from "@callwire/client-sdk/web/users";

const users = createUsersClient({ baseUrl: "/rpc", credentials: "include", fetch });
try {
  for await (const { user } of users.watchUsers({}, { timeoutMs: 5 })) console.log(user?.name);
} catch (error) {
  if (error instanceof CallError && error.code === Status.NOT_FOUND) console.log(error.details.errorInfo?.reason);
}
users.close();
// @ts-expect-error -- of the client of Node.js
createUsersClient({ baseUrl: "/rpc", address: "127.0.0.1:50051" });
`;

const packageFolder = fileURLToPath(new URL("../..", import.meta.url));
// Inside of the package, where its dependencies are found.
const folder = mkdtempSync(join(packageFolder, "node_modules", ".web-"));
const app = join(folder, "app.ts");
writeFileSync(app, program);
afterAll(() => rmSync(folder, { recursive: true }));

test("a bundle is small, and has nothing of Node.js", async () => {
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
  const [{ text, contents } = { text: "", contents: new Uint8Array() }] = outputFiles;
  // Not the text: it is long.
  expect(/node:|require\(|\bprocess\b|\bBuffer\b/.exec(text)?.[0]).toBeUndefined();
  expect(gzipSync(contents, { level: 9 }).length).toBeLessThanOrEqual(MAX_GZIP_BYTES);
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
