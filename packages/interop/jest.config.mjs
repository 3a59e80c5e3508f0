import base from "../../jest.base.mjs";
import { overRuntimes } from "../../jest.over-runtimes.mjs";

/** What is installed from the registry of the run chooses its own runtime: these run once. */
export const fromRegistry = [
  "own-service",
  "create-callwire",
  "runtimes",
  "published-limits",
  "src/consumers/",
  "src/registry/",
];

/** What takes long, and `pnpm consumers` runs. */
export const byConsumers = "consumer-ci";

const { testTimeout: _, testMatch: __, ...project } = base;
/** The suite that installs what is published. Its registry is started only if one of its tests runs. */
export const installed = {
  ...project,
  displayName: "installed",
  testRegex: fromRegistry.map((name) => `${name}.*\\.test\\.ts$`),
  globalSetup: "<rootDir>/jest.registry-setup.mjs",
  globalTeardown: "<rootDir>/jest.registry-teardown.mjs",
};

/** What goes through proxies is over both of the SDK's runtimes by itself. */
const once = [
  "src/proxies/",
  "openapi",
  "changesets",
  "workflows",
  "npm-start",
  "conformance",
  "generated-messages",
  "edge-gateway",
];
/** The users service starts, or does not, before it has a runtime; what a kill can break is its storage; an edge in process has none. */
const besideRuntime = ["src/start.test", "src/kill.test", "src/rpc-clients/"];
/** The client for browsers has no runtime: once. */
const overFetch = "src/web/";
const { projects, ...settings } = overRuntimes();
const [overNiceGrpc, overTransport] = projects;
export default {
  ...settings,
  testSequencer: "<rootDir>/jest.sequencer.mjs",
  projects: [
    { ...overNiceGrpc, testPathIgnorePatterns: [...fromRegistry, byConsumers, ...besideRuntime] },
    { ...overTransport, testPathIgnorePatterns: [...fromRegistry, byConsumers, ...once, overFetch] },
    installed,
  ],
};
