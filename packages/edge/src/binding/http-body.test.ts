import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { expect, test } from "@jest/globals";
import { send, serveEdge, type Behind } from "../testing/serve-edge.js";

test.each<Behind>(["server", "channel"])(
  "before a %s, a google.api.HttpBody is a body as it is",
  async (behind) => {
    await using served = await serveEdge({ behind });
    const cover = await send(`${served.url}/v1/covers/7`);
    expect([cover.headers.get("content-type"), cover.text]).toEqual(["image/png", "cover 7"]);
    expect(cover.headers.get("x-content-type-options")).toBe("nosniff");
    const none = await send(`${served.url}/v1/covers/none`);
    expect([none.headers.get("content-type"), none.text]).toEqual(["application/octet-stream", ""]);
    // What would be a header field of its own.
    const malformed = await send(`${served.url}/v1/covers/malformed`);
    expect(malformed.headers.get("content-type")).toBe("application/octet-stream");
    expect(malformed.headers.get("x-other")).toBeNull();

    const put = (body: Uint8Array, headers: Record<string, string>) =>
      send(`${served.url}/v1/covers/7`, { method: "PUT", body, headers });
    const bytes = Buffer.from([0, 1, 0xff]);
    expect((await put(bytes, { "content-type": "image/png" })).json).toEqual({ size: 3, type: "image/png" });
    expect((await put(bytes, {})).json).toEqual({ size: 3 });
    const origin = { origin: "https://evil.example", "content-type": "text/plain" };
    expect((await put(bytes, origin)).status).toBe(403);
    expect((await put(bytes, { ...origin, origin: served.url })).status).toBe(200);
    expect((await put(Buffer.alloc(5 * 1024 * 1024), { "content-type": "image/png" })).status).toBe(413);
  },
);

test("a stream of them comes in parts, and is broken off if it fails", async () => {
  await using served = await serveEdge();
  const open = async () => {
    const post = request(`${served.url}/v1/pages:copy`, {
      method: "POST",
      headers: { "content-type": "text/csv" },
    });
    post.on("error", () => {});
    post.write("a,");
    const [response] = (await once(post, "response")) as [IncomingMessage];
    const parts = response.setEncoding("utf8")[Symbol.asyncIterator]() as AsyncIterator<string>;
    return { post, response, parts };
  };
  const { post, response, parts } = await open();
  expect([response.statusCode, response.headers["content-type"]]).toEqual([200, "text/csv"]);
  expect(await parts.next()).toEqual({ done: false, value: "a," });
  post.end("b");
  expect(await parts.next()).toEqual({ done: false, value: "b" });
  expect(await parts.next()).toMatchObject({ done: true });

  const failing = await open();
  await failing.parts.next();
  failing.post.write("fail");
  await expect(failing.parts.next()).rejects.toThrow("aborted");
  const first = await send(`${served.url}/v1/pages:copy`, { method: "POST", body: "fail" });
  expect([first.status, first.json]).toMatchObject([409, { error: { status: "ABORTED" } }]);
  const empty = await send(`${served.url}/v1/pages:copy`, { method: "POST", body: "" });
  expect([empty.status, empty.headers.get("content-type")]).toEqual([200, "application/octet-stream"]);
});
