import base from "../../jest.base.mjs";

const { testTimeout, ...project } = base;

/** The suite over both modules that "#text" may be: Node.js's, and the one of browsers. */
export default {
  testTimeout,
  projects: ["node", "web"].map((place) => ({
    ...project,
    displayName: place,
    moduleNameMapper: { ...base.moduleNameMapper, "^#text$": `<rootDir>/src/text.${place}.ts` },
  })),
};
