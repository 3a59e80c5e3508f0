import { defineConfig } from "vitepress";
import { gather, presentSections } from "../gather.mjs";

gather();

const sidebar = presentSections.map(({ text, pages }) => ({
  text,
  items: pages.map(({ title, path }) => ({ text: title, link: path })),
}));

const wide = new Set(["index.md", "limits.md", "measurements.md", "grpc-js-options.md"]);

export default defineConfig({
  title: "Callwire",
  description: "A contract-first gRPC stack for TypeScript on Node.js",
  lang: "en",
  srcDir: "pages",
  srcExclude: ["public/**"],
  outDir: "dist",
  cleanUrls: true,
  metaChunk: true,
  head: [["link", { rel: "icon", href: "/icon.svg", type: "image/svg+xml" }]],
  markdown: {
    // The repository's browser makes the same.
    anchor: {
      slugify: (text) =>
        text
          .trim()
          .toLowerCase()
          .replace(/[^\p{L}\p{N}\s_-]/gu, "")
          .replace(/\s/g, "-"),
    },
    languageAlias: { haproxy: "nginx", caddy: "nginx" },
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
  },
  // Pages of wide tables, and the first one, which is one screen, have the room of the outline.
  transformPageData: ({ relativePath, frontmatter }) => {
    if (wide.has(relativePath)) frontmatter.aside = false;
  },
  themeConfig: {
    search: { provider: "local" },
    sidebar,
    nav: [
      { text: "Call", link: "/first-hour-calling" },
      { text: "Serve", link: "/first-hour-serving" },
      { text: "CI", link: "/first-hour-ci" },
      { text: "Limits", link: "/limits" },
      { text: "Measurements", link: "/measurements" },
    ],
    outline: [2, 3],
    externalLinkIcon: true,
  },
});
