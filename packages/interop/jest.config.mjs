import { overRuntimes } from "../../jest.over-runtimes.mjs";

/** What is installed from packed packages chooses its own runtime. */
export default overRuntimes({ testPathIgnorePatterns: ["own-service", "runtimes", "published-limits"] });
