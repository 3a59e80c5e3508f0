import base from "../../jest.base.mjs";

const { testTimeout, ...stock } = base;
const project = { ...stock, setupFiles: ["<rootDir>/src/testing/stand-in-reader.ts"] };

/** The conformance to RFC 9113 is tested twice: what holds over TCP holds over TLS. So are the limits on what
 * a peer may do. The tests find the global `overTls`. */
export default {
  testTimeout,
  projects: [
    { ...project, displayName: "clear text", globals: { overTls: false } },
    {
      ...project,
      displayName: "TLS",
      globals: { overTls: true },
      testMatch: ["**/rfc9113-*.test.ts", "**/{safety,shutdown,goaway-storm,header-memory}.test.ts"],
    },
  ],
};
