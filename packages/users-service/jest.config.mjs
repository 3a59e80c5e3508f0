import { overRuntimes } from "../../jest.over-runtimes.mjs";

/** What knows nothing of gRPC runs once. */
export default overRuntimes({ testMatch: ["**/start.test.ts"] });
