/** The colours of a chart. */
export interface Theme {
  text: string;
  faint: string;
  own: string;
  other: string;
}

/** Themes by the name that their files end with. */
export const themes = {
  light: { text: "#1f2328", faint: "#59636e", own: "#c2410c", other: "#8c959f" },
  dark: { text: "#f0f6fc", faint: "#9198a1", own: "#fb923c", other: "#6e7681" },
} as const satisfies Record<string, Theme>;

/** One bar: its value decides its length, its text stands beside it. */
export interface Bar {
  label: string;
  value: number;
  text: string;
  /** True for what this project makes. */
  isOwn: boolean;
}

/** Bars under one title, on a scale of their own that begins at zero. */
export interface Panel {
  title: string;
  bars: readonly Bar[];
}

const PANEL_WIDTH = 480;
const LABEL_WIDTH = 246;
const VALUE_WIDTH = 76;
const ROW_HEIGHT = 20;
const HEAD_HEIGHT = 34;
const COLUMNS = 2;

/** Panels of bars, two beside each other, as SVG without a background. */
export function barChart(title: string, note: string, panels: readonly Panel[], theme: Theme): string {
  const heights = panels.map(({ bars }) => HEAD_HEIGHT + bars.length * ROW_HEIGHT + 14);
  const rows = Math.ceil(panels.length / COLUMNS);
  const tops: number[] = [0];
  for (let row = 0; row < rows; row++) {
    const tallest = Math.max(...heights.slice(row * COLUMNS, (row + 1) * COLUMNS));
    tops.push((tops[row] ?? 0) + tallest);
  }
  const height = (tops.at(-1) ?? 0) + 24;
  const width = PANEL_WIDTH * COLUMNS;
  const groups = panels.map(
    (panel, index) =>
      `<g transform="translate(${(index % COLUMNS) * PANEL_WIDTH} ${tops[Math.floor(index / COLUMNS)]})">\n${drawn(panel, theme)}\n</g>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="12" fill="${theme.text}">`,
    `<title>${escape(title)}</title>`,
    ...groups,
    `<text x="0" y="${height - 6}" font-size="11" fill="${theme.faint}">${escape(note)}</text>`,
    "</svg>\n",
  ].join("\n");
}

function drawn({ title, bars }: Panel, theme: Theme): string {
  const longest = Math.max(...bars.map(({ value }) => value));
  const room = PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH;
  const lines = bars.map(({ label, value, text, isOwn }, index) => {
    const y = HEAD_HEIGHT + index * ROW_HEIGHT;
    const length = (value / longest) * room;
    const weight = isOwn ? ' font-weight="600"' : "";
    return [
      `<text x="${LABEL_WIDTH - 8}" y="${y + 11}" text-anchor="end"${weight}>${escape(label)}</text>`,
      `<rect x="${LABEL_WIDTH}" y="${y}" width="${length.toFixed(1)}" height="14" fill="${isOwn ? theme.own : theme.other}"/>`,
      `<text x="${(LABEL_WIDTH + length + 6).toFixed(1)}" y="${y + 11}"${weight}>${escape(text)}</text>`,
    ].join("");
  });
  const bottom = HEAD_HEIGHT + bars.length * ROW_HEIGHT - 3;
  return [
    `<text x="4" y="18" font-size="13" font-weight="600">${escape(title)}</text>`,
    ...lines,
    `<path d="M${LABEL_WIDTH} ${HEAD_HEIGHT - 5}V${bottom}" stroke="${theme.faint}"/>`,
  ].join("\n");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
