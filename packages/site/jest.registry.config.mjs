import base from "../../jest.base.mjs";

/** What the documentation's commands install comes from the rehearsal's registry: the one given, or one of this run's own. */
const own = process.env["REHEARSAL_REGISTRY"] === undefined && {
  globalSetup: "<rootDir>/../interop/jest.registry-setup.mjs",
  globalTeardown: "<rootDir>/../interop/jest.registry-teardown.mjs",
};

export default { ...base, ...own, roots: ["<rootDir>/test/registry"], testTimeout: 300_000 };
