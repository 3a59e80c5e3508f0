import { overRuntimes } from "../../jest.over-runtimes.mjs";

/** Fakes run within the process, over the transport alone, and the client for browsers over fetch: once. */
export default overRuntimes({ testPathIgnorePatterns: ["src/testing/", "src/web/"] });
