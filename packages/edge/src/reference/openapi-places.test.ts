import { describe, expect, test } from "@jest/globals";
import type { CommonEdgeOptions } from "../edge-options.js";
import type { OpenApiOptions } from "./openapi-options.js";
import { send, serveEdge } from "../testing/serve-edge.js";

const document = { openapi: "3.1.0", info: { title: "Shop", version: "1.0.0" }, paths: {} };
const page = {
  resources: (documentPath: string, title: string) => [
    {
      path: "/page",
      contentType: "text/html",
      body: `${title} at ${documentPath}`,
      headers: { "x-more": "1" },
    },
  ],
};

const serveDocument = (openapi: Partial<OpenApiOptions> = {}, more: CommonEdgeOptions = {}) =>
  serveEdge({ options: { ...more, openapi: { document, ...openapi } } });

describe("an OpenAPI document", () => {
  test("says which masks a body fills", async () => {
    const mask = {
      name: "updateMask",
      in: "query",
      required: true,
      description: "What changes.",
      schema: {},
    };
    const others = [
      { name: "book.id", in: "path", required: true },
      { ...mask, in: "header" },
    ];
    const id = "callwire.edge.testing.v1.LibraryService.UpdateBook";
    const documentWith = (given: object) => ({
      ...document,
      paths: {
        "/v1/books/{book.id}": {
          parameters: [mask],
          patch: { operationId: id, parameters: [...others, given] },
          // Its body is the whole request.
          put: { operationId: `${id}.2`, parameters: [mask] },
          get: { operationId: "another", parameters: [mask] },
        },
        "/v1/strange": "of no form",
      },
    });
    const openapi = { document: documentWith(mask) };
    const { required: _, ...optional } = mask;
    const filled = {
      ...optional,
      description: "What changes.\n\nWithout one, or if it is empty, the names in the body fill it.",
    };
    await using served = await serveDocument(openapi, { updateMaskFromBody: true });
    expect((await send(`${served.url}/openapi.json`)).json).toEqual(documentWith(filled));
    await using plain = await serveDocument(openapi);
    expect((await send(`${plain.url}/openapi.json`)).json).toEqual(documentWith(mask));
  });

  test("is served with a tag, and not sent again to whoever has it", async () => {
    await using served = await serveDocument();
    const first = await send(`${served.url}/openapi.json?cache=1`);
    expect(first).toMatchObject({ status: 200, json: document });
    expect(Object.fromEntries(first.headers)).toMatchObject({
      "content-type": "application/json",
      "cache-control": "no-cache",
      "content-length": String(first.text.length),
      "x-content-type-options": "nosniff",
      etag: expect.stringMatching(/^"[\w-]{22}"$/),
    });
    const etag = first.headers.get("etag")!;
    for (const tags of [etag, `"other", W/${etag}`]) {
      const again = await send(`${served.url}/openapi.json`, { headers: { "if-none-match": tags } });
      expect([again.status, again.text]).toEqual([304, ""]);
      expect(again.headers.get("etag")).toContain(etag);
    }
    const other = await send(`${served.url}/openapi.json`, { headers: { "if-none-match": '"other"' } });
    expect(other.status).toBe(200);
  });

  test("is compressed for those who take it, once for all of them", async () => {
    const long = { ...document, "x-long": "long ".repeat(1000) };
    await using served = await serveDocument({ document: long });
    const headers = { "accept-encoding": "br" };
    const answers = await Promise.all(
      Array.from({ length: 3 }, () => send(`${served.url}/openapi.json`, { headers })),
    );
    for (const answer of answers) {
      expect(answer.json).toEqual(long);
      expect(answer.headers.get("content-encoding")).toBe("br");
      expect(answer.headers.get("etag")).toMatch(/;br"$/);
      expect(answer.headers.get("vary")).toBe("accept-encoding");
      expect(Number(answer.headers.get("content-length"))).toBeLessThan(500);
    }
    const [first] = answers;
    const known = { ...headers, "if-none-match": first!.headers.get("etag")! };
    expect((await send(`${served.url}/openapi.json`, { headers: known })).status).toBe(304);
    const refused = await send(`${served.url}/openapi.json`, { headers: { "if-match": '"other"' } });
    expect(refused.status).toBe(412);
  });

  test("is served where it is asked for, with its page, and by fetch too", async () => {
    await using served = await serveDocument({ path: "/docs/v1.json", page });
    expect((await send(`${served.url}/docs/v1.json`)).json).toEqual(document);
    const answer = await send(`${served.url}/page`);
    expect(answer.text).toBe("Shop at /docs/v1.json");
    expect(answer.headers.get("x-more")).toBe("1");
    expect((await send(`${served.url}/openapi.json`)).status).toBe(404);
    const response = await served.edge.fetch(new Request("http://localhost/page"));
    expect(await response.text()).toBe(answer.text);
  });

  test("is not there unless it is given", async () => {
    await using served = await serveEdge();
    for (const path of ["/openapi.json", "/docs"]) expect((await send(served.url + path)).status).toBe(404);
  });

  test.each<[object, RegExp]>([
    [{ document: "{}" }, /document.*an OpenAPI document, parsed/],
    [{ documnt: {} }, /documnt.*document/],
    [{ page: {} }, /page.*resources/],
  ])("%j is refused at start", async (openapi, message) => {
    await expect(serveDocument(openapi)).rejects.toThrow(message);
  });
});
