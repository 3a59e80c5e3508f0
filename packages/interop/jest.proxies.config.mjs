import base from "../../jest.base.mjs";

/** `pnpm proxies`: all that is tried through proxies, over every link and for longer. */
export default {
  ...base,
  testMatch: ["**/src/proxies/*.test.ts"],
  globals: { atLength: true, runtimeName: "transport" },
  verbose: true,
};
