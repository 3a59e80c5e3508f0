import type { IncomingMessage } from "node:http";
import { expect, test } from "@jest/globals";
import { headFault } from "./http1-head.js";

test("a head without a fault is looked at once, and one with a fault keeps it", () => {
  let looks = 0;
  const request = (host: string) =>
    ({
      httpVersion: "1.1",
      rawHeaders: ["Host", host],
      get headers() {
        looks++;
        return { host };
      },
    }) as unknown as IncomingMessage;
  const good = request("x");
  expect([headFault(good), headFault(good), looks]).toEqual([undefined, undefined, 1]);
  const bad = request("x/y");
  for (let look = 0; look < 2; look++) expect(headFault(bad)).toMatchObject({ reason: "BAD_HEADER" });
});
