import { overRuntimes } from "../../jest.over-runtimes.mjs";

/** Fakes run within the process, over the transport alone, and the client for browsers over fetch: once. */
const { projects, ...settings } = overRuntimes({ testPathIgnorePatterns: ["src/testing/", "src/web/"] });
export default {
  ...settings,
  projects: projects.map((project) => ({
    ...project,
    moduleNameMapper: { ...project.moduleNameMapper, "^#checks$": "<rootDir>/src/web.checks.ts" },
  })),
};
