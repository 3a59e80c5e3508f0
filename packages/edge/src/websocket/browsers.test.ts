import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { auth, createLogger, errorBoundary } from "@callwire/server-kit";
import { serveEdge } from "../testing/serve-edge.js";

const hasChromium = spawnSync("chromium", ["--version"]).status === 0;
if (!hasChromium) process.stderr.write("SKIPPED: WebSockets of Chromium; there is no chromium\n");
const hasOwn =
  spawnSync(process.execPath, ["--experimental-websocket", "-e", "new WebSocket('ws://x').onerror=()=>{}"])
    .status === 0;
if (!hasOwn) process.stderr.write("SKIPPED: WebSockets of Node.js; this version has none\n");

/** What a client with the standard's `WebSocket` and no header fields does, in its own text: it is run elsewhere. */
const TALK = `
  const bearer = (token) => "callwire.bearer." + btoa(token).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const talk = (url, protocols, ...messages) => new Promise((resolve) => {
    const socket = new WebSocket(url, protocols);
    const got = [];
    socket.onopen = () => messages.forEach((message) => socket.send(message));
    socket.onmessage = ({ data }) => got.push(data);
    socket.onclose = ({ code, reason }) => resolve({ code, reason, got, protocol: socket.protocol });
  });
  const all = (base, elsewhere) => Promise.all([
    talk(base + "/v1/talk", ["callwire.v1.json", bearer("good")], '{"text":"a"}', '{"text":"b"}', ""),
    talk(base + "/v1/talk", ["callwire.v1.json", bearer("bad")]),
    talk(elsewhere + "/v1/talk", ["callwire.v1.json", bearer("good")], ""),
  ]);`;

const served = () =>
  serveEdge({
    middleware: [
      errorBoundary({ logger: createLogger({ level: "silent" }) }),
      auth({ verify: (token: string) => token === "good" && { name: "ada" } }),
    ],
  });
const spoken = {
  code: 1000,
  reason: "",
  got: ['{"text":"a!"}', '{"text":"b!"}'],
  protocol: "callwire.v1.json",
};
const refused = {
  code: 4016,
  reason: expect.stringMatching(/^UNAUTHENTICATED: /),
  protocol: "callwire.v1.json",
};

(hasOwn ? test : test.skip)("Node's own WebSocket speaks, and is told why it may not", async () => {
  await using edge = await served();
  const url = edge.url.replace("http", "ws");
  const script = `${TALK} all("${url}", "${url}").then((results) => console.log(JSON.stringify(results)));`;
  const args = ["--experimental-websocket", "-e", script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(JSON.parse(stdout)).toMatchObject([spoken, refused, { code: 1000 }]);
});

(hasChromium ? test : test.skip)(
  "Chromium's does, and from another origin it does not",
  async () => {
    await using own = await served();
    await using other = await served();
    const url = (port: number) => `ws://127.0.0.1:${port}`;
    let report: (results: unknown) => void;
    const results = new Promise((resolve) => (report = resolve));
    const pages = createServer((request, response) => {
      if (request.method === "POST") void textOf(request).then((text) => report(JSON.parse(text)));
      const { port } = pages.address() as AddressInfo;
      const script = `${TALK} all("${url(port)}", "${url(other.port)}").then((results) => fetch("/", { method: "POST", body: JSON.stringify(results) }));`;
      response.setHeader("content-type", "text/html").end(`<!doctype html><script>${script}</script>`);
    });
    pages.on("upgrade", own.edge.upgrade).listen(0, "127.0.0.1");
    await once(pages, "listening");
    const profile = await mkdtemp(join(tmpdir(), "callwire-chromium-"));
    const { port } = pages.address() as AddressInfo;
    const args = [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      `--user-data-dir=${profile}`,
    ];
    const chromium = spawn("chromium", [...args, `http://127.0.0.1:${port}/`], { stdio: "ignore" });
    const exited = once(chromium, "exit");
    try {
      expect(await results).toMatchObject([spoken, refused, { code: 1006, got: [] }]);
    } finally {
      chromium.kill();
      await exited;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
      pages.closeAllConnections();
      pages.close();
    }
  },
  30_000,
);

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk as string;
  return text;
}
