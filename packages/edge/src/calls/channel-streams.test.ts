import { expect, jest, test } from "@jest/globals";
import { send, serveEdge } from "../testing/serve-edge.js";
import { ChannelStreams } from "./channel-streams.js";

test("a stream that has ended is kept by nobody, however it did", async () => {
  const added = jest.spyOn(ChannelStreams.prototype, "add");
  const deleted = jest.spyOn(ChannelStreams.prototype, "delete");
  await using served = await serveEdge({ behind: "channel" });
  for (const query of ["count=1", "count=1&fail_code=5", "count=1&nothing=1"])
    await send(`${served.url}/v1/numbers?${query}`);
  const left = new AbortController();
  await fetch(`${served.url}/v1/numbers`, { signal: left.signal });
  left.abort();
  while (deleted.mock.calls.length < 4) await new Promise((resolve) => setImmediate(resolve));
  expect(deleted.mock.calls).toEqual(added.mock.calls);
  jest.restoreAllMocks();
});

test("before a server of the same process, streams end with its shutdown", async () => {
  await using served = await serveEdge();
  served.edge.endStreams();
  expect((await send(`${served.url}/v1/numbers?count=1`)).text).toBe('{"number":1,"resumeToken":"1"}\n');
});
