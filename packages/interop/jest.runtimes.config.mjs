import base from "../../jest.base.mjs";

/** `pnpm runtimes`: the four shapes on every program that runs JavaScript. */
export default {
  ...base,
  testMatch: ["**/runtimes.test.ts"],
  globals: { everyProgram: true },
  verbose: true,
};
