import { expect, test } from "@jest/globals";
import { connectionAdvice } from "./connection-advice.js";

const lost = (error: string) => `No connection established. Last error: ${error}. Resolution note: `;

test.each([
  [
    "Error: 80:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../x.c:350:\n",
    true,
    "the server does not speak TLS",
  ],
  ["Error: self-signed certificate", true, "as 'tls.ca'"],
  ["Error: unable to verify the first certificate", true, "as 'tls.ca'"],
  [
    "Error: 80:error:0A000460:SSL routines:ssl3_read_bytes:tlsv1 alert no application protocol:x",
    true,
    "does not offer HTTP/2 over TLS",
  ],
  [
    "Error: Client network socket disconnected before secure TLS connection was established",
    true,
    "does the server speak TLS?",
  ],
  ["Failed to connect (2026-11-27T18:57:32.903Z)", false, "is it a gRPC server, and in clear text?"],
  ["Protocol error (2026-11-27T18:57:32.903Z)", false, "is it a gRPC server, and in clear text?"],
])("%j over TLS (%p) leads on", (error, isSecure, advice) => {
  expect(connectionAdvice(lost(error), isSecure)).toContain(advice);
});

test.each([
  [lost("Error: connect ECONNREFUSED 127.0.0.1:1"), false],
  [lost("Error: connect ECONNREFUSED 127.0.0.1:1"), true],
])("%j over TLS (%p) says all itself", (details, isSecure) => {
  expect(connectionAdvice(details, isSecure)).toBe("");
});
