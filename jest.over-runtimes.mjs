import base from "./jest.base.mjs";

const { testTimeout, ...project } = base;

/**
 * A suite that runs once over each runtime. The tests find its name in the global `runtimeName`, as `--runtime` of the
 * users service takes it.
 *
 * @param overTransport What is different for the second run.
 */
export function overRuntimes(overTransport = {}) {
  return {
    testTimeout,
    projects: [
      { ...project, displayName: "nice-grpc", globals: { runtimeName: "nice-grpc" } },
      { ...project, displayName: "transport", globals: { runtimeName: "transport" }, ...overTransport },
    ],
  };
}
