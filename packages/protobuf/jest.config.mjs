import base from "../../jest.base.mjs";

export default {
  ...base,
  moduleNameMapper: { ...base.moduleNameMapper, "^#text$": "<rootDir>/src/text.node.ts" },
};
