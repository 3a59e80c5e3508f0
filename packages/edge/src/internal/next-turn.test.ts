import { expect, test } from "@jest/globals";
import { PROBE } from "../testing/call-rpc.js";
import { serveEdge } from "../testing/serve-edge.js";

const COUNT = 15_000;

test.each([
  ["envelopes", `${PROBE}/Sum`, "application/connect+proto", Buffer.alloc(5 * COUNT)],
  ["lines", "/v1/sums/a", "application/x-ndjson", "{}\n".repeat(COUNT)],
])("others have their turns while a part of a body has many %s", async (_, path, type, body) => {
  await using served = await serveEdge();
  let turns = 0;
  let counting = setImmediate(function count() {
    turns++;
    counting = setImmediate(count);
  });
  const request = new Request(`http://host${path}`, {
    method: "POST",
    body,
    headers: { "content-type": type },
  });
  const response = await served.edge.fetch(request);
  clearImmediate(counting);
  expect(response.status).toBe(200);
  expect(turns).toBeGreaterThan(2);
});
