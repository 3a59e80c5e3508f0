import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { chromium, type Browser, type Page } from "playwright-core";
import { serveEdge } from "../testing/serve-edge.js";
import { docsPage } from "./docs-page.js";

interface Document {
  readonly info: { readonly title: string };
  readonly paths: Readonly<Record<string, unknown>>;
}

const probe = JSON.parse(
  readFileSync(new URL("../testing/gen/openapi.json", import.meta.url), "utf8"),
) as Document;
const hostile = "/v1/hostile/{name}";
/** Of a contract whose names and comments are markup. */
const document: Document = { ...probe, paths: { [hostile]: probe.paths[hostile] } };

const { stdout } = spawnSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" });
const executablePath = stdout.trim();
if (executablePath === "")
  process.stderr.write("SKIPPED: the docs page in a browser; there is no chromium\n");

/** What a page does that it must not, and how far it came. */
interface Seen {
  readonly page: Page;
  /** Lines of the console, where violations of the policy are, errors, dialogs, and requests to others. */
  readonly faults: string[];
}

(executablePath === "" ? describe.skip : describe)("the page in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  }, 30_000);
  afterAll(() => browser.close());

  async function open(url: string): Promise<Seen> {
    const page = await browser.newPage({ colorScheme: "dark" });
    const faults: string[] = [];
    page.on("console", (message) => faults.push(message.text()));
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("dialog", (dialog) => faults.push(dialog.message()));
    page.on("request", (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith("data:")) faults.push(request.url());
    });
    await page.goto(`${url}/docs`);
    await page.waitForSelector("[data-section-id^='tag/'] h2");
    return { page, faults };
  }

  // The browser's own code is text: this project's types know no document.
  /** Opens all that is shut, presses all links in texts that lead to no page, and finds what could run: handlers, scripts and their links. */
  const touchAll = (page: Page) =>
    page.evaluate<string[]>(`
      for (const each of document.querySelectorAll("[aria-expanded=false]")) each.click();
      for (const link of document.querySelectorAll("#reference p a, #reference li a"))
        if (!/^https?:/.test(link.protocol)) link.click();
      Array.from(document.querySelectorAll("#reference *"))
        .filter(({ localName, attributes }) =>
          ["script", "iframe", "object", "embed"].includes(localName) ||
          Array.from(attributes).some(({ name, value }) => name.startsWith("on") || /^\\s*javascript:/i.test(value)))
        .map(({ outerHTML }) => outerHTML)`);

  const hit = (page: Page) => page.evaluate<unknown>("window.hit");

  test("shows a hostile contract as text, runs none of it, and asks no other host", async () => {
    await using served = await serveEdge({ options: { openapi: { document, page: docsPage() } } });
    const { page, faults } = await open(served.url);
    expect(await touchAll(page)).toEqual([]);
    const text = await page.innerText("#reference");
    for (const shown of [
      '<script>window.hit = "service"</script> <img src="x"',
      "[a link](javascript:window.hit='link') and ![a picture](https://example.com/picture.png)",
      "<script>window.hit = 'table'</script>",
      "<script>window.hit = 'method'</script>",
      "<script>window.hit = 'field'</script>",
      "{{constructor.constructor(",
      "<img src=x onerror=\"window.hit='name'\">",
      "<script>window.hit = 'example'</script>",
    ])
      expect(text).toContain(shown);
    expect(await page.title()).toBe(document.info.title);
    expect(await hit(page)).toBeUndefined();
    expect(faults).toEqual([]);
    const links = await page.$$eval("a", (all) => all.map(({ protocol }) => protocol));
    expect(links.filter((protocol) => !/^https?:$/.test(protocol))).toEqual([]);
    expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(17, 20, 23)");
  }, 30_000);

  test("runs nothing of a document whose descriptions are markup", async () => {
    const markup =
      "<script>window.hit = 1</script> <img src=x onerror='window.hit = 2'> [link](javascript:window.hit=3) " +
      "<a href='javascript:window.hit=4'>anchor</a> <svg onload='window.hit = 5'></svg> <iframe srcdoc='<script>parent.hit = 6</script>'></iframe>";
    const marked = JSON.parse(
      JSON.stringify(document, (key, value: unknown) => (key === "description" ? markup : value)),
    ) as object;
    await using served = await serveEdge({ options: { openapi: { document: marked, page: docsPage() } } });
    const { page } = await open(served.url);
    expect(await page.innerText("#reference")).toContain("anchor");
    expect(await touchAll(page)).toEqual([]);
    expect(await hit(page)).toBeUndefined();
  }, 30_000);
});

describe("the page's parts", () => {
  test("are files, without a script or a style in the page, under a policy that takes no others", async () => {
    await using served = await serveEdge({
      options: { openapi: { document, page: docsPage({ path: "/a/reference" }), path: "/a/v1.json" } },
    });
    const response = await fetch(`${served.url}/a/reference`);
    const policy = response.headers.get("content-security-policy")!;
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self' 'sha256-/);
    expect(policy).toMatch(/frame-ancestors 'none'/);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const html = await response.text();
    expect(html).toContain("<title>&lt;/title>&lt;script>window.hit = 'title'&lt;/script></title>");
    expect(html).not.toMatch(/<style|style=|\son\w+=|<script[^>]*>[^<]/);
    const parts = Array.from(html.matchAll(/(?:src|href)="(reference\/[^"]+)"/g), ([, part]) => part!);
    expect(parts).toEqual(["reference/style.css", "reference/redoc.js", "reference/start.js"]);
    const texts = parts.map(async (part) => (await fetch(new URL(part, `${served.url}/a/reference`))).text());
    const [style, redoc, start] = await Promise.all(texts);
    expect(style).toContain("prefers-color-scheme");
    expect(redoc).not.toContain("cdn.redoc.ly");
    expect(start).toContain('Redoc.init(\n  "v1.json"');
  });

  test("need options that there are", () => {
    expect(() => docsPage({ pth: "/x" } as object)).toThrow(/docsPage.*pth.*path/s);
    expect(() => docsPage({ path: "" })).toThrow(/path/);
  });
});
