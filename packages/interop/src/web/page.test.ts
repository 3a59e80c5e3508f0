// The client in a browser: Debian's Chromium opens a page that calls servers of another origin.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { testCertificates } from "@callwire/testkit";
import { expect, jest, test } from "@jest/globals";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { peers, startPeer, type RunningPeer } from "./servers.js";

const CHROMIUM = "/usr/bin/chromium";
const hasChromium = spawnSync(CHROMIUM, ["--version"]).status === 0;
if (!hasChromium) process.stderr.write("SKIPPED: the client in a browser; there is no chromium\n");

async function pageScript(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("page.mjs", import.meta.url))],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    // The packages' own is for their sources.
    tsconfigRaw: "{}",
    write: false,
  });
  return outputFiles[0]!.contents;
}

interface Target {
  baseUrl: string;
  protocol: string;
}

/** Opens the page in a browser and waits for its results. */
async function resultsOf(
  targets: (origin: string) => Promise<{ peers: Target[]; refused: string }>,
): Promise<unknown[]> {
  const script = await pageScript();
  let asked: Promise<unknown>;
  const server = createServer((request, response) => {
    if (request.url === "/results") {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => (body += text));
      request.on("end", () => {
        response.end();
        server.emit("results", JSON.parse(body));
      });
    } else if (request.url === "/peers") {
      void asked.then((answer) => response.end(JSON.stringify(answer)));
    } else if (request.url === "/page.js") {
      response.setHeader("content-type", "text/javascript").end(script);
    } else {
      response.setHeader("content-type", "text/html").end('<script type="module" src="/page.js"></script>');
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  asked = targets(origin);
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--ignore-certificate-errors"],
  });
  try {
    const results = once(server, "results") as Promise<[unknown[]]>;
    const page = await browser.newPage();
    await page.goto(origin);
    return (await results)[0];
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}

// Connect's server prints each call whose client has gone.
jest.spyOn(console, "error").mockImplementation(() => {});

(hasChromium ? test : test.skip)(
  "a page calls servers of another origin",
  async () => {
    const { server: certificate } = await testCertificates();
    const running: RunningPeer[] = [];
    const targets: Target[] = [];
    const results = await resultsOf(async (origin) => {
      for (const { handler } of peers) {
        for (const tls of [undefined, certificate]) {
          // oxlint-disable-next-line no-await-in-loop -- in this order
          const peer = await startPeer((notes) => handler(notes, origin), tls);
          running.push(peer);
          for (const protocol of ["connect", "grpc-web"]) targets.push({ baseUrl: peer.baseUrl, protocol });
        }
      }
      const closed = await startPeer(peers[0]!.handler);
      running.push(closed);
      return { peers: targets, refused: closed.baseUrl };
    });
    for (const peer of running) await peer[Symbol.asyncDispose]();
    const last = results.pop();
    expect(last).toMatchObject({ isCallError: true, code: "UNAVAILABLE", origin: "connection" });
    expect((last as { description: string }).description).toContain(
      "its CORS policy does not allow this page",
    );
    expect(results).toEqual(targets.map(expected));
    // A browser takes long to start on a machine that is busy.
  },
  60_000,
);

/** What a page gets from a server that does as it should. */
function expected({ baseUrl, protocol }: Target): object {
  const failed = { isCallError: true, origin: "status" };
  const unary = {
    unary: "user ada, ü@example.com, r1 Bearer t1",
    error: { ...failed, code: "NOT_FOUND", description: "no such user: ü", resource: "nobody", trace: "t1" },
    retried: `user twice-${baseUrl}-${protocol}`,
    deadline: {
      isCallError: true,
      code: "DEADLINE_EXCEEDED",
      description: "the deadline passed",
      origin: "deadline",
    },
    aborted: "enough",
    named: "user ada",
    worker: "user ada",
    stream: ["0", "1", "2"],
  };
  if (protocol === "grpc-web") {
    const description =
      "gRPC-Web cannot stream requests: use the protocol connect, or send them by unary calls";
    const refused = { isCallError: true, code: "UNIMPLEMENTED", description, origin: "local" };
    return { ...unary, upload: refused, chat: refused };
  }
  if (baseUrl.startsWith("https:")) return { ...unary, upload: "a b", chat: ["x!"] };
  const description = `${baseUrl} could not be reached (browsers stream requests over HTTP/2 alone): Failed to fetch`;
  const lost = { isCallError: true, code: "UNAVAILABLE", description, origin: "connection" };
  return { ...unary, upload: lost, chat: lost };
}
