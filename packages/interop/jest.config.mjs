import { overRuntimes } from "../../jest.over-runtimes.mjs";

/** Once: what is installed from packed packages chooses its own runtime, and what goes through proxies is over both of the SDK's. */
export default overRuntimes({
  testPathIgnorePatterns: [
    "own-service",
    "create-callwire",
    "runtimes",
    "published-limits",
    "src/proxies/",
    "npm-start",
    "conformance",
    "generated-messages",
  ],
});
