import type { Report, Result } from "./results.js";

const WIDTH = 420;
const HEIGHT = 300;
const MARGIN = { left: 62, right: 12, top: 30, bottom: 40 };
const COLORS: Record<string, string> = {
  callwire: "#c2410c",
  "nice-grpc": "#0f766e",
  "grpc-js": "#0e7490",
  connect: "#7c3aed",
  "grpc-go": "#2563eb",
  rest: "#4d7c0f",
  "rest-pipelined": "#84cc16",
  ndjson: "#a16207",
  bare: "#94a3b8",
};

/** A growth curve: the work whose names are this and a number. */
interface Curve {
  prefix: string;
  title: string;
  axis: string;
}

const curves: readonly Curve[] = [
  { prefix: "unary-", title: "GetUser, calls in flight on one connection", axis: "in flight" },
  { prefix: "connections-", title: "GetUser, 256 in flight over connections", axis: "connections" },
  { prefix: "payload-", title: "Bytes there and back, 16 in flight", axis: "bytes" },
];

/** The growth curves of a report, side by side, on logarithmic scales; undefined if none was measured. */
export function asSvg({ results, date, machine, versions }: Report): string | undefined {
  const panels = curves.map((curve) => panel(curve, results)).filter((text) => text !== undefined);
  if (panels.length === 0) return undefined;
  const width = WIDTH * panels.length;
  const note = `calls/s; ${machine.cpu}, Node.js ${versions.node ?? ""}, ${date.slice(0, 10)}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT + 44}" font-family="sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...panels.map((text, index) => `<g transform="translate(${index * WIDTH} 0)">${text}</g>`),
    legend(results),
    `<text x="12" y="${HEIGHT + 36}" fill="#64748b">${escape(note)}</text>`,
    `</svg>\n`,
  ].join("\n");
}

function panel({ prefix, title, axis }: Curve, results: readonly Result[]): string | undefined {
  const points = results
    .filter(({ work }) => work.startsWith(prefix))
    .map(({ work, peer, median }) => ({ peer, x: Number(work.slice(prefix.length)), y: median.rate }))
    .toSorted((a, b) => a.x - b.x);
  if (points.length === 0) return undefined;
  const x = scale(
    points.map((point) => point.x),
    MARGIN.left,
    WIDTH - MARGIN.right,
  );
  // Whole powers of ten, so that the grid has an end above and below.
  const powers = points.map((point) => Math.log10(point.y));
  const low = Math.floor(Math.min(...powers));
  const high = Math.ceil(Math.max(...powers));
  const y = scale([10 ** low, 10 ** high], HEIGHT - MARGIN.bottom, MARGIN.top);
  const grid = Array.from({ length: high - low + 1 }, (_, index) => {
    const value = 10 ** (low + index);
    const at = y(value).toFixed(1);
    return `<path d="M${MARGIN.left} ${at}H${WIDTH - MARGIN.right}" stroke="#e2e8f0"/><text x="${MARGIN.left - 6}" y="${at}" dy="4" text-anchor="end" fill="#64748b">${value.toLocaleString("en")}</text>`;
  });
  const ticks = [...new Set(points.map((point) => point.x))].map(
    (value) =>
      `<text x="${x(value).toFixed(1)}" y="${HEIGHT - MARGIN.bottom + 16}" text-anchor="middle" fill="#64748b">${short(value)}</text>`,
  );
  const lines = [...new Set(points.map((point) => point.peer))].map((peer) => {
    const own = points.filter((point) => point.peer === peer);
    const path = own.map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`);
    const color = COLORS[peer] ?? "#000";
    const width = peer === "callwire" ? 2.5 : 1.5;
    return `<polyline points="${path.join(" ")}" fill="none" stroke="${color}" stroke-width="${width}"/>`;
  });
  return [
    `<text x="${MARGIN.left}" y="18" font-size="13">${escape(title)}</text>`,
    ...grid,
    ...ticks,
    `<text x="${WIDTH - MARGIN.right}" y="${HEIGHT - 8}" text-anchor="end" fill="#64748b">${axis}</text>`,
    ...lines,
  ].join("\n");
}

/** From a range of values, logarithmically, to a range of positions. */
function scale(values: readonly number[], from: number, to: number): (value: number) => number {
  const low = Math.log(Math.min(...values));
  const high = Math.log(Math.max(...values));
  return (value) =>
    high === low ? (from + to) / 2 : from + ((Math.log(value) - low) / (high - low)) * (to - from);
}

function legend(results: readonly Result[]): string {
  const peers = Object.keys(COLORS).filter((peer) => results.some((result) => result.peer === peer));
  return peers
    .map((peer, index) => {
      const left = 12 + index * 110;
      return `<rect x="${left}" y="${HEIGHT + 7}" width="16" height="4" fill="${COLORS[peer]}"/><text x="${left + 21}" y="${HEIGHT + 13}">${peer}</text>`;
    })
    .join("\n");
}

function short(value: number): string {
  if (value >= 1_048_576) return `${value / 1_048_576}Mi`;
  return value >= 4096 ? `${value / 1024}Ki` : String(value);
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
