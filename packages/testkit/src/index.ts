export { echoService } from "./echo-service.js";
export { leaveDeadSocket } from "./dead-socket.js";
export { startServer, type TestServer } from "./start-server.js";
export { testCertificates, type TestCertificate, type TestCertificates } from "./test-certificates.js";
export {
  EchoServiceDefinition,
  EchoUnaryRequest,
  type EchoBidiStreamRequest,
  type EchoBidiStreamResponse,
  type EchoClientStreamRequest,
  type EchoClientStreamResponse,
  type EchoServerStreamRequest,
  type EchoServerStreamResponse,
  type EchoUnaryResponse,
  type Fault,
} from "./gen/callwire/echo/v1/echo_service.js";
export { findProgram, installProgram, type ForeignProgram } from "./foreign-programs.js";
