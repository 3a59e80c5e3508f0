// Draws the picture of docs/architecture.md, for light and dark. `node scripts/architecture-picture.mjs` writes it; the check of
// the docs compares it.
import { mkdirSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const FOLDER = "docs/images";
const WIDTH = 880;
const HEIGHT = 430;

const themes = {
  light: {
    text: "#1f2328",
    faint: "#59636e",
    line: "#818b98",
    own: "#9a3412",
    ownFill: "#fff4ec",
    fill: "#f6f8fa",
  },
  dark: {
    text: "#f0f6fc",
    faint: "#9198a1",
    line: "#656c76",
    own: "#fdba74",
    ownFill: "#2b1a10",
    fill: "#151b23",
  },
};

/** What the reader writes is plain, what the project gives has its colour, what others give is dashed. */
const boxes = [
  { x: 320, y: 10, width: 240, title: "your contract", lines: ["a .proto file"] },
  {
    x: 320,
    y: 100,
    width: 240,
    title: "protoc-gen-callwire",
    lines: ["when code is generated"],
    kind: "own",
  },
  {
    x: 320,
    y: 190,
    width: 240,
    title: "generated code",
    lines: ["on @callwire/protobuf"],
    kind: "own",
  },

  { x: 20, y: 10, width: 250, title: "your program", lines: ["calls, awaits, reads streams"] },
  {
    x: 20,
    y: 110,
    width: 250,
    title: "@callwire/client-sdk",
    lines: ["request id, errors, your middleware,", "deadline, retries, token"],
    kind: "own",
  },
  { x: 20, y: 270, width: 166, title: "@callwire/transport", lines: ["the default"], kind: "own" },
  { x: 196, y: 270, width: 74, title: "grpc-js", lines: ["/nice-grpc"], kind: "foreign" },

  { x: 610, y: 10, width: 250, title: "your handlers", lines: ["async functions and generators"] },
  {
    x: 610,
    y: 110,
    width: 250,
    title: "@callwire/server-kit",
    lines: ["request id, log, error boundary,", "auth, your middleware"],
    kind: "own",
  },
  { x: 694, y: 270, width: 166, title: "@callwire/transport", lines: ["the default"], kind: "own" },
  { x: 610, y: 270, width: 74, title: "grpc-js", lines: ["/nice-grpc"], kind: "foreign" },
];

const arrows = [
  "M440 62V94",
  "M440 152V184",
  "M320 216H294V144H276",
  "M560 216H586V144H604",
  "M145 62V104",
  "M735 104V68",
  "M70 182V264",
  "M233 182V264",
  "M810 264V188",
  "M647 264V188",
  "M103 322V380H777V328",
];

const labels = [
  { x: 151, y: 220, text: "a runtime" },
  { x: 151, y: 238, text: "carries the bytes" },
  { x: 729, y: 220, text: "a runtime" },
  { x: 729, y: 238, text: "carries the bytes" },
  { x: 440, y: 372, text: "gRPC over HTTP/2, with or without TLS" },
  { x: 440, y: 402, text: "Either end may be any gRPC program, in any language." },
];

function picture(theme) {
  const box = ({ x, y, width, title, lines, kind }) => {
    const height = 34 + lines.length * 18;
    const fill = kind === "own" ? theme.ownFill : theme.fill;
    const stroke = kind === "own" ? theme.own : theme.line;
    const dashes = kind === "foreign" ? ' stroke-dasharray="5 4"' : "";
    const middle = x + width / 2;
    const texts = lines.map(
      (line, index) =>
        `<text x="${middle}" y="${y + 40 + index * 18}" font-size="12.5" fill="${theme.faint}">${line}</text>`,
    );
    return [
      `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="7" fill="${fill}" stroke="${stroke}"${dashes}/>`,
      `<text x="${middle}" y="${y + 22}" font-size="13.5" font-weight="600">${title}</text>`,
      ...texts,
    ].join("\n");
  };
  const label = ({ x, y, text }) =>
    `<text x="${x}" y="${y}" font-size="12.5" fill="${theme.faint}">${text}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" font-family="system-ui, sans-serif" text-anchor="middle" fill="${theme.text}">`,
    "<title>A call from a program through the SDK, a runtime, the wire, a runtime and the kit to a handler</title>",
    `<defs><marker id="head" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="${theme.line}"/></marker></defs>`,
    ...arrows.map(
      (path) =>
        `<path d="${path}" fill="none" stroke="${theme.line}" stroke-width="1.5" marker-end="url(#head)"/>`,
    ),
    ...boxes.map(box),
    ...labels.map(label),
    "</svg>\n",
  ].join("\n");
}

/** The pictures by their paths. */
export function architecturePictures() {
  return new Map(
    Object.entries(themes).map(([name, theme]) => [`${FOLDER}/architecture-${name}.svg`, picture(theme)]),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  mkdirSync(FOLDER, { recursive: true });
  for (const [path, svg] of architecturePictures()) writeFileSync(path, svg);
}
