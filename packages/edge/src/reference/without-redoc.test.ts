import { expect, jest, test } from "@jest/globals";

jest.unstable_mockModule("node:module", () => ({
  createRequire: () => ({
    resolve(name: string) {
      throw new Error(`Cannot find module '${name}'`);
    },
  }),
}));

test("without the package redoc, there is no page, and the error says what to install", async () => {
  const { docsPage } = await import("./docs-page.js");
  expect(() => docsPage()).toThrow("docsPage needs the package redoc: npm install redoc@2.5");
});
