// `pnpm docs:lighthouse`: asks Lighthouse in Debian's Chromium for the scores of one page of each kind. The site must be built.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The lowest score that is good enough, of 100. */
const WANTED = 95;
/** The newest that runs on Node.js 20. Fetched when it is asked for: an install of this repository is spared its 100 packages. */
const LIGHTHOUSE = "lighthouse@12.8.2";
const places = ["/", "/first-hour-serving", "/guides/tls", "/limits", "/measurements", "/api/server-kit"];

const dist = fileURLToPath(new URL("dist", import.meta.url));
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

const chromium = spawnSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).stdout.trim();
if (chromium === "") throw new Error("there is no chromium: on Debian, apt-get install chromium");
if (!existsSync(dist)) throw new Error("there is no site: run 'pnpm docs:build' first");

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? "/", "http://site");
  const path = join(dist, pathname === "/" ? "index.html" : pathname);
  const file = [path, `${path}.html`].find((each) => extname(each) !== "" && existsSync(each));
  response.writeHead(file ? 200 : 404, {
    "content-type": types[extname(file ?? "")] ?? "application/octet-stream",
  });
  if (file) createReadStream(file).pipe(response);
  else response.end();
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address();

let low = 0;
try {
  for (const place of places) {
    const args = ["--yes", LIGHTHOUSE, `http://127.0.0.1:${port}${place}`, "--quiet", "--output=json"];
    const flags = [
      "--only-categories=accessibility,best-practices",
      "--chrome-flags=--headless=new --no-sandbox",
    ];
    const child = spawn("npx", [...args, ...flags], {
      env: { ...process.env, CHROME_PATH: chromium },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (bytes) => (output += bytes));
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`lighthouse ends with ${code}`);
    const { categories } = JSON.parse(output);
    const scores = Object.values(categories).map(({ id, score }) => ({ id, score: Math.round(score * 100) }));
    if (scores.some(({ score }) => score < WANTED)) low++;
    console.log(`${place}: ${scores.map(({ id, score }) => `${id} ${score}`).join(", ")}`);
  }
} finally {
  server.close();
}
if (low > 0) throw new Error(`${low} of ${places.length} pages have less than ${WANTED}`);
