import { overRuntimes } from "../../jest.over-runtimes.mjs";

/**
 * Fakes run within the process, over the transport alone, the client for browsers over fetch, and some tests choose their runtime, or
 * have none: once.
 */
const once = [
  "src/testing/",
  "src/web/",
  "src/test-room/",
  "src/errors/",
  "src/internal/",
  "src/nice-grpc/",
  "src/pipeline/(compose-phases|to-nice-grpc)",
  "src/(bundle|contract-mismatch|examples|keepalive)\\.test",
];
const { projects, ...settings } = overRuntimes({ testPathIgnorePatterns: once });
export default {
  ...settings,
  projects: projects.map((project) => ({
    ...project,
    moduleNameMapper: { ...project.moduleNameMapper, "^#checks$": "<rootDir>/src/web.checks.ts" },
  })),
};
