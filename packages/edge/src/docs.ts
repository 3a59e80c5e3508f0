export { docsPage, type DocsPageOptions } from "./reference/docs-page.js";
