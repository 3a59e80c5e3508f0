import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { chromium, type Browser, type Page } from "playwright-core";
import { rolldown } from "rolldown";
import { echoDescriptors, serveEchoEdge, type EchoEdge } from "./echo-edge.js";
import type { callByConnectWeb, callByGrpcWeb, ConnectWebClient } from "./page.js";

// The clients for browsers, in Debian's Chromium, on a page of another origin.

const CHROMIUM = "/usr/bin/chromium";
const hasChromium = existsSync(CHROMIUM);
if (!hasChromium) process.stderr.write("SKIPPED: clients in a browser; there is no chromium\n");

/** What the page's script leaves for the test. */
interface PageScript {
  callByConnectWeb: typeof callByConnectWeb;
  callByGrpcWeb: typeof callByGrpcWeb;
}

/** What crosses to the page. */
interface CallArguments<Client> {
  readonly client: Client;
  readonly url: string;
  readonly descriptors: number[];
}

(hasChromium ? describe : describe.skip)("in a browser", () => {
  let edge: EchoEdge;
  let browser: Browser;
  let page: Page;
  let site: Server;
  const descriptors = Array.from(echoDescriptors());

  beforeAll(async () => {
    const bundle = await rolldown({
      input: fileURLToPath(new URL("page.ts", import.meta.url)),
      resolve: { extensionAlias: { ".js": [".ts", ".js"] } },
      platform: "browser",
    });
    // Its own default is a RegExp, which is one of another realm under jest.
    const { output } = await bundle.generate({ format: "iife", name: "page", sourcemapIgnoreList: false });
    site = createServer((request, response) => {
      const isScript = request.url === "/page.js";
      response.setHeader("content-type", `text/${isScript ? "javascript" : "html"}; charset=utf-8`);
      response.end(isScript ? output[0].code : '<!doctype html><script src="/page.js"></script>');
    }).listen(0, "127.0.0.1");
    await once(site, "listening");
    const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    edge = await serveEchoEdge({ origins: [origin] });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    page = await browser.newPage();
    await page.goto(origin);
  }, 30_000);

  afterAll(async () => {
    await browser.close();
    site.close();
    site.closeAllConnections();
    await edge[Symbol.asyncDispose]();
  });

  test.each<ConnectWebClient>(["connect", "connect-json", "grpc-web"])(
    "connect-web calls by %s",
    async (client) => {
      const url = edge.urls["1.1"];
      const call = ({ client: name, url: baseUrl, descriptors: set }: CallArguments<ConnectWebClient>) =>
        (globalThis as unknown as PageScript).callByConnectWeb(name, baseUrl, set);
      expect(await page.evaluate(call, { client, url, descriptors })).toEqual({
        unary: "é",
        stream: ["a", "a", "a"],
        metadata: ["text", [0, 255]],
        error: ["NotFound", "no é", ["google.rpc.ErrorInfo"]],
        deadline: "DeadlineExceeded",
        cancelled: "Canceled",
      });
      await edge.handlersCancelled(2);
    },
  );

  test.each<"text" | "binary">(["text", "binary"])("grpc-web calls by %s", async (format) => {
    const call = ({ client: name, url: baseUrl }: CallArguments<"text" | "binary">) =>
      (globalThis as unknown as PageScript).callByGrpcWeb(name, baseUrl);
    expect(await page.evaluate(call, { client: format, url: edge.urls["1.1"], descriptors })).toEqual({
      unary: "a",
      stream: ["a", "a", "a"],
      metadata: ["text", "AP8"],
      error: [5, "no", ["string"]],
      deadline: 4,
      cancelled: format === "text" ? "Canceled" : undefined,
    });
    await edge.handlersCancelled(format === "text" ? 2 : 1);
  });
});
