import { overRuntimes } from "../../jest.over-runtimes.mjs";

/** Fakes run within the process, over the transport alone: once. */
export default overRuntimes({ testPathIgnorePatterns: ["src/testing/"] });
