import { fileURLToPath } from "node:url";

/** Every package's tests: TypeScript sources as native ES modules, the other packages as built. */
export default {
  testEnvironment: fileURLToPath(new URL("jest.environment.mjs", import.meta.url)),
  rootDir: process.cwd(),
  roots: ["<rootDir>/src"],
  testMatch: ["**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      {
        jsc: {
          target: "es2022",
          parser: { syntax: "typescript" },
          experimental: { keepImportAttributes: true },
        },
        module: { type: "es6" },
        sourceMaps: "inline",
      },
    ],
  },
  // A machine that does much else beside the tests is slow: a test that hangs is found all the same.
  testTimeout: 60_000,
};
