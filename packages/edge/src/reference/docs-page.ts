import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { posix } from "node:path";
import { checkOptions, rules, type RulesOf } from "@callwire/transport/client";
import type { StaticResource } from "../places/static-resource.js";
import type { ReferencePage } from "./openapi-options.js";
import { pageStyle, redocOptions } from "./page-look.js";

/** Options for {@link docsPage}. */
export interface DocsPageOptions {
  /** Where the page is; its parts are below. Default: `/docs`. */
  readonly path?: string;
}

const pageRules: RulesOf<DocsPageOptions> = { path: rules.nonEmptyText };

/** The whole of Redoc in one file. */
const BUNDLE = "redoc/bundles/redoc.standalone.js";

/** The one thing of another host that Redoc's page has: a picture beside its name. */
const FOREIGN_PICTURE = "https://cdn.redoc.ly/redoc/logo-mini.svg";
const NO_PICTURE = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

/** Style elements that Redoc makes: an empty one, which it fills by script, and that of its scroll bars. None else is taken. */
const STYLE_HASHES = [
  "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
  "sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc=",
];

/** CSP 3: no script but the page's own files, and nothing of another host. Pictures are parts of style sheets. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'self' ${STYLE_HASHES.map((hash) => `'${hash}'`).join(" ")}`,
  "img-src data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const PAGE_HEADERS = { "content-security-policy": CONTENT_SECURITY_POLICY, "referrer-policy": "no-referrer" };

/**
 * A page that shows the OpenAPI document of an edge, by Redoc: `createEdge({ openapi: { document, page: docsPage() } })`. It calls
 * no other host, runs no inline script, and takes no secrets: nothing is called from it.
 *
 * @throws {Error} if the package `redoc` is not installed, an optional peer.
 * @throws {TypeError} that names an option that there is not.
 */
export function docsPage(options: DocsPageOptions = {}): ReferencePage {
  checkOptions("docsPage", options, pageRules);
  const { path = "/docs" } = options;
  const redoc = readRedoc();
  return {
    resources(documentPath, title) {
      const part = (name: string, contentType: string, body: string): StaticResource => ({
        path: `${path}/${name}`,
        contentType,
        body,
        headers: { "cross-origin-resource-policy": "same-origin" },
      });
      return [
        {
          path,
          contentType: "text/html; charset=utf-8",
          body: pageText(title, (name) => `${posix.basename(path)}/${name}`),
          headers: PAGE_HEADERS,
        },
        part("style.css", "text/css; charset=utf-8", pageStyle),
        part("redoc.js", "text/javascript; charset=utf-8", redoc),
        part(
          "start.js",
          "text/javascript; charset=utf-8",
          startText(posix.relative(posix.dirname(path), documentPath)),
        ),
      ];
    },
  };
}

function readRedoc(): string {
  let path: string;
  try {
    path = createRequire(import.meta.url).resolve(BUNDLE);
  } catch (error) {
    throw new Error("docsPage needs the package redoc: npm install redoc@2.5", { cause: error });
  }
  return readFileSync(path, "utf8").replaceAll(FOREIGN_PICTURE, NO_PICTURE);
}

/** The page. Its parts are named relative to it, so that an edge may stand below a path of another server. */
function pageText(title: string, partPath: (name: string) => string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${escaped(title)}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="${partPath("style.css")}">
    <script defer src="${partPath("redoc.js")}"></script>
    <script defer src="${partPath("start.js")}"></script>
  </head>
  <body>
    <main id="reference"></main>
    <noscript>This page needs JavaScript.</noscript>
  </body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** Shows the document. @param documentUrl Relative to the page. */
function startText(documentUrl: string): string {
  return `const darkness = matchMedia("(prefers-color-scheme: dark)");
const { light, dark, ...options } = ${JSON.stringify(redocOptions)};
darkness.addEventListener("change", () => location.reload());
Redoc.init(
  ${JSON.stringify(documentUrl)},
  { ...options, theme: darkness.matches ? dark : light },
  document.getElementById("reference"),
);
`;
}
