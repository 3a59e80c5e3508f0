import { expect, test } from "@jest/globals";
import { ConnectionProblems, prefaceProblem, tlsProblem } from "./connection-problem.js";

const failed = (code: string) => Object.assign(new Error("what OpenSSL says"), { code });

test.each([
  ["ERR_SSL_HTTP_REQUEST", "clear text"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "clear text"],
  ["ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE", "showed no certificate"],
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "does not trust"],
  ["ERR_SSL_SOMETHING", "what OpenSSL says"],
])("TLS that fails with %s is explained", (code, part) => {
  expect(tlsProblem(failed(code))).toContain(part);
});

test("a probe of a port is no problem", () => {
  expect(tlsProblem(failed("ECONNRESET"))).toBeUndefined();
  expect(prefaceProblem(Buffer.from("\0\0"))).toBeUndefined();
});

test("TLS and HTTP/1.1 are known by their first bytes", () => {
  expect(prefaceProblem(Buffer.from([0x16, 3, 1, 2, 0]))).toContain("spoke TLS");
  expect(prefaceProblem(Buffer.from("POST /a HTTP/1.1\r\n"))).toContain("HTTP/1.1");
});

test.each([
  [
    "throws",
    (): void => {
      throw new Error("the log is full");
    },
  ],
  ["rejects with", (): unknown => Promise.reject(new Error("the log is full"))],
])("each kind is told once a minute, and what a listener %s is passed over", (_, fail) => {
  const told: string[] = [];
  const problems = new ConnectionProblems(({ message }) => {
    told.push(message);
    return fail();
  });
  for (const problem of ["a", "a", undefined, "b"]) problems.report(problem, "::1");
  expect(told).toEqual(["a (::1)", "b (::1)"]);
});
