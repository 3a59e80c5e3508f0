import { createRequire } from "node:module";
import base from "../../jest.base.mjs";
import { overRuntimes } from "../../jest.over-runtimes.mjs";

/** For the second run, the transport stands in wherever nice-grpc is imported. */
export default overRuntimes({
  moduleNameMapper: {
    ...base.moduleNameMapper,
    "^nice-grpc$": createRequire(import.meta.url).resolve("@callwire/transport"),
  },
});
