import { expect, test } from "@jest/globals";
import { plainText, socketErrorText } from "./plain-text.js";

test.each<[string, string]>([
  ["two\r\nlines", "two lines"],
  ["\u001b[31mred\u0007", "[31mred"],
  ["a\u2028b\u202ec\u0000", "a b c"],
  ["  ", ""],
  ["x".repeat(200), `${"x".repeat(120)}…`],
])("a peer's text %j is %j", (text, expected) => {
  expect(plainText(text)).toBe(expected);
});

test.each<[string, object, string]>([
  ["of a system call", { message: "read ECONNRESET", code: "ECONNRESET" }, "read ECONNRESET"],
  ["without a text", { message: "", code: "ETIMEDOUT" }, "ETIMEDOUT"],
  ["without anything", { message: "" }, "an error without a text"],
  ["whose text is none", { message: 7, code: 7 }, "an error without a text"],
  ["whose text has several lines", { message: "first\n  second\n" }, "first second"],
  [
    "of OpenSSL",
    {
      message:
        "802C:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../ssl3_record.c:354:\n",
      code: "ERR_SSL_WRONG_VERSION_NUMBER",
      reason: "wrong version number",
    },
    "wrong version number (ERR_SSL_WRONG_VERSION_NUMBER)",
  ],
  ["of OpenSSL, without a reason", { message: "a\n", code: "ERR_SSL_X" }, "a"],
])("the error of a socket, %s, has one line", (_which, fields, expected) => {
  expect(socketErrorText(Object.assign(new Error("x"), fields))).toBe(expected);
});
