import { installed } from "./jest.config.mjs";

/** `pnpm runtimes`: the four shapes and the edge on every program that runs JavaScript. */
export default {
  projects: [{ ...installed, testRegex: ["runtimes\\.test\\.ts$"], globals: { everyProgram: true } }],
  testTimeout: 20_000,
  verbose: true,
};
