// The entry point @callwire/client-sdk/testing: fakes of the servers that a program calls, for tests with any runner.
export { fakeClock, type FakeClock } from "@callwire/transport/testing";
export type { FakeCall, FakeCalls } from "./testing/fake-calls.js";
export { fakeError, type FakeDetails, type FakeErrorOptions } from "./testing/fake-error.js";
export {
  createFakeServer,
  type FakeClientOptions,
  type FakeConnection,
  type FakeHandlers,
  type FakeServer,
  type FakeServerOptions,
  type MethodName,
} from "./testing/fake-server.js";
export type { Fault } from "./testing/fault.js";
export { createFakeUsers, type FakeUsers, type FakeUsersOptions } from "./testing/users/create-fake-users.js";
