import { byConsumers, installed } from "./jest.config.mjs";

/** `pnpm consumers` beside its table: the workflow of a service that pins its versions. */
export default {
  projects: [{ ...installed, testRegex: [`${byConsumers}\\.test\\.ts$`] }],
  testTimeout: 60_000,
  verbose: true,
};
