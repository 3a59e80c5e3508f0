import base from "../../jest.base.mjs";

const { testTimeout, ...project } = base;

/** The modules that another one stands in for in a bundle for browsers. */
const replaced = "(reader|writer|message-type|scalar-values|unknown-fields|group|word)";

/** The suite over the modules of Node.js, over those of a bundle for browsers, and over those of other runtimes. */
export default {
  testTimeout,
  projects: [
    {
      ...project,
      displayName: "node",
      moduleNameMapper: { ...base.moduleNameMapper, "^#text$": "<rootDir>/src/text.node.ts" },
    },
    {
      ...project,
      displayName: "web",
      moduleNameMapper: {
        [`^(\\.{1,2}/(?:.*/)?)${replaced}\\.js$`]: "$1$2.web",
        ...base.moduleNameMapper,
        "^#text$": "<rootDir>/src/text.web.ts",
      },
      setupFiles: ["<rootDir>/src/testing/enable-json.ts"],
      testPathIgnorePatterns: ["src/(web|shared-memory)\\.test"],
    },
    {
      ...project,
      displayName: "neither",
      testMatch: ["**/{reader,writer}.test.ts"],
      moduleNameMapper: { ...base.moduleNameMapper, "^#text$": "<rootDir>/src/text.web.ts" },
    },
  ],
};
