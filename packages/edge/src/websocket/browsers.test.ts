import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import {
  auth,
  createLogger,
  createServer as createGrpcServer,
  errorBoundary,
  tlsCredentials,
} from "@callwire/server-kit";
import { testCertificates } from "@callwire/testkit";
import { chromium } from "playwright-core";
import { createEdge } from "../create-edge.js";
import { ProbeServiceDefinition } from "../testing/gen/callwire/edge/testing/v1/probe_service.js";
import { probeService } from "../testing/probe-service.js";
import { serveEdge } from "../testing/serve-edge.js";

const CHROMIUM = "/usr/bin/chromium";
const hasChromium = spawnSync(CHROMIUM, ["--version"]).status === 0;
if (!hasChromium) process.stderr.write("SKIPPED: WebSockets of Chromium; there is no chromium\n");
const hasOwn = spawnSync(process.execPath, ["--experimental-websocket", "-e", "WebSocket"]).status === 0;
if (!hasOwn) process.stderr.write("SKIPPED: WebSockets of Node.js; this version has none\n");

/** The function of the documentation: run as it stands there, by clients that send no header fields. */
const page = readFileSync(new URL("../../../../docs/edge.md", import.meta.url), "utf8");
const TALK = /^```js\n(.*?)^```$/ms.exec(page)![1]!;

/** Talks at the same origin, with a token that is good and one that is not, and elsewhere. */
const allOf = (own: string, other: string, more = "") => `${TALK}
  const all = Promise.all([
    talk("${own}/v1/talk", "good", [{ text: "a" }, { text: "b" }]),
    talk("${own}/v1/talk", "bad", []),
    talk("${other}/v1/talk", "good", []),
    ${more}
  ]);`;

/** Talks over the connection that a request has opened. */
const overHttp2 = (port: number) => `fetch("https://localhost:${port}/v1/query", { credentials: "include" })
  .then(() => talk("wss://localhost:${port}/v1/talk", "none", [{ text: "a" }, { text: "b" }]))`;

const served = () =>
  serveEdge({
    middleware: [
      errorBoundary({ logger: createLogger({ level: "silent" }) }),
      auth({ verify: (token: string) => token === "good" && { name: "ada" } }),
    ],
  });
const spoken = { code: 1000, reason: "", received: [{ text: "a!" }, { text: "b!" }] };
const refused = {
  code: 4016,
  reason: expect.stringMatching(/^UNAUTHENTICATED: /),
  received: [{ error: expect.objectContaining({ code: 401 }) }],
};

/** An edge over TLS, which notes the requests for WebSockets that come over HTTP/2. */
async function serveTls(origin: string) {
  const server = createGrpcServer({}).add(ProbeServiceDefinition, probeService());
  const edge = createEdge({ server, cors: { origins: [origin], credentials: true } });
  const asked: string[] = [];
  server.http({
    ...edge,
    webSocket(stream) {
      asked.push(stream.path);
      return edge.webSocket(stream);
    },
  });
  const { server: certificate } = await testCertificates();
  const port = await server.listen("127.0.0.1:0", tlsCredentials(certificate));
  return { port, asked, [Symbol.dispose]: () => server.forceShutdown() };
}

(hasOwn ? test : test.skip)(
  "Node's own WebSocket speaks, and is told why it may not",
  async () => {
    await using edge = await served();
    const url = `ws://127.0.0.1:${edge.port}`;
    const script = `${allOf(url, url)} all.then((results) => console.log(JSON.stringify(results)));`;
    const args = ["--experimental-websocket", "-e", script];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(JSON.parse(stdout)).toMatchObject([spoken, refused, { code: 1000 }]);
  },
  90_000,
);

(hasChromium ? test : test.skip)(
  "Chromium's does, over HTTP/2 too, and from another origin it does not",
  async () => {
    await using own = await served();
    await using other = await served();
    const url = (port: number) => `ws://127.0.0.1:${port}`;
    let report: (results: unknown) => void;
    const results = new Promise((resolve) => (report = resolve));
    const pages = createServer((request, response) => {
      if (request.method === "POST") void textOf(request).then((text) => report(JSON.parse(text)));
      const { port } = pages.address() as AddressInfo;
      const send =
        "all.catch(String).then((results) => fetch('/', { method: 'POST', body: JSON.stringify(results) }));";
      const script = allOf(url(port), url(other.port), overHttp2(tls.port)) + send;
      response.setHeader("content-type", "text/html").end(`<!doctype html><script>${script}</script>`);
    });
    pages.on("upgrade", own.edge.upgrade).listen(0, "127.0.0.1");
    await once(pages, "listening");
    const { port } = pages.address() as AddressInfo;
    using tls = await serveTls(`http://127.0.0.1:${port}`);
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ["--no-sandbox", "--ignore-certificate-errors"],
    });
    try {
      const opened = await browser.newPage();
      await opened.goto(`http://127.0.0.1:${port}/`);
      expect(await results).toMatchObject([spoken, refused, { code: 1006, received: [] }, spoken]);
      expect(tls.asked).toEqual(["/v1/talk"]);
    } finally {
      await browser.close();
      pages.closeAllConnections();
      pages.close();
    }
  },
  90_000,
);

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk as string;
  return text;
}
