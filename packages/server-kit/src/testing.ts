// The entry point @callwire/server-kit/testing: servers and clients within one process, for tests with any runner.
export { fakeClock, type FakeClock } from "@callwire/transport/testing";
export type { Principals } from "./testing/principals.js";
export type { RecordedCall, RecordedCalls } from "./testing/recorded-calls.js";
export { recordLog, type LogLine, type RecordedLog } from "./testing/recorded-log.js";
export {
  testServer,
  type TestCaller,
  type TestConnection,
  type TestParts,
  type TestRun,
  type TestServer,
  type TestServerOptions,
} from "./testing/test-server.js";
export { testService, type TestService, type TestServiceOptions } from "./testing/test-service.js";
