import { expect, test } from "@jest/globals";
import { mismatchOf } from "./contract-mismatch.js";

test.each([
  // client, server, why they do not fit
  ["1.4.0+aa", "1.4.0+aa", undefined],
  ["1.4.0+aa", "1.4.1+bb", undefined],
  ["1.4.0+aa", "1.10.0+bb", undefined],
  ["1.4.0+aa", "2.0.0+bb", "incompatible"],
  ["2.0.0+aa", "1.4.0+bb", "incompatible"],
  ["1.10.0+aa", "1.4.0+bb", "server-older"],
  ["1.4.2+aa", "1.4.1+bb", "server-older"],
  ["1.4.0+aa", "1.4.0+bb", "same-version"],
  // Below 1.0.0, a minor version may break.
  ["0.1.0+aa", "0.2.0+bb", "incompatible"],
  ["0.1.0+aa", "0.1.5+bb", undefined],
  ["0.1.5+aa", "0.1.0+bb", "server-older"],
  // The same contract, though one of both is of a later release.
  ["0.1.0+aa", "0.2.0+aa", undefined],
  ["2.0.0+aa", "1.0.0+aa", undefined],
  // A pre-release comes before its release.
  ["2.0.0-rc.1+aa", "2.0.0+bb", undefined],
  ["2.0.0+aa", "2.0.0-rc.1+bb", "server-older"],
  ["2.0.0-rc.1+aa", "2.0.0-rc.2+bb", "same-version"],
  // What has no fingerprint is told by its version alone.
  ["1.4.0", "1.4.0+bb", undefined],
  ["1.4.0", "1.3.0", "server-older"],
  // What is no version says nothing.
  ["1.4.0+aa", "blue", undefined],
  ["blue", "1.4.0+aa", undefined],
  ["1.4.0+aa", "1.4", undefined],
])("a client of %s and a server of %s: %s", (client, server, reason) => {
  const mismatch = mismatchOf("users.UserService", client, server);
  if (reason === undefined) expect(mismatch).toBeUndefined();
  else expect(mismatch).toMatchObject({ service: "users.UserService", client, server, reason });
});

test("the message names both contracts, and what to do", () => {
  expect(mismatchOf("users.UserService", "1.4.0+aa", "1.3.0+bb")?.message).toBe(
    "users.UserService: the server has contract 1.3.0+bb, and this client was generated from 1.4.0+aa; " +
      "what was added since is missing there: upgrade the server, or install an older client",
  );
});
