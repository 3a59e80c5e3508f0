import { defineConfig } from "vitepress";
import { gather, presentSections, regather, root } from "../gather.mjs";
import { referencePages } from "../reference.mjs";

await gather();

const sidebar = presentSections.map(({ text, pages }) => ({
  text,
  items: pages.map(({ title, path }) => ({ text: title, link: path })),
}));

const projectSection = sidebar.pop();
sidebar.push(
  { text: "API", items: referencePages.map(({ title, path }) => ({ text: title, link: path })) },
  projectSection,
);

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
  vite: {
    plugins: [
      {
        // `pnpm docs:dev` shows a page as it is written.
        name: "regather",
        configureServer({ watcher }) {
          watcher.add([`${root}/docs`, `${root}/packages/*/README.md`, `${root}/*.md`]);
          watcher.on("change", regather);
        },
      },
    ],
  },
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
    if (wide.has(relativePath) || relativePath.startsWith("migrating/")) frontmatter.aside = false;
  },
  themeConfig: {
    search: {
      provider: "local",
      options: {
        // Prose and headings are found; blocks of code would be highlighted once more, for hits that say little.
        _render: (source, env, md) => md.render(source.replace(/^```.*?^```$/gms, ""), env),
      },
    },
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
