import { judge } from "./judge.js";
import type { Report, Result } from "./results.js";

/** A result as the columns of the table; a codec's beside JSON's, of the same row. */
function columns({ peer, unit, median, rates }: Result, json: Result | undefined): string[] {
  const spread = (100 * (Math.max(...rates) - Math.min(...rates))) / median.rate;
  const notes = [
    median.encodeNs !== undefined && `encode ${median.encodeNs.toFixed(0)} ns`,
    median.decodeNs !== undefined && `decode ${median.decodeNs.toFixed(0)} ns`,
    json && `${(median.rate / json.median.rate).toFixed(2)} × ${json.peer}`,
    median.p50Us && `p50 ${time(median.p50Us)}`,
    median.p99Us && `p99 ${time(median.p99Us)}`,
    median.clientCpuUs && unit !== "bytes/s" && `client ${median.clientCpuUs.toFixed(1)} µs CPU each`,
    median.rssPerStream !== undefined && `server ${(median.rssPerStream / 1024).toFixed(2)} KB RSS`,
    median.livePerStream !== undefined && `${(median.livePerStream / 1024).toFixed(2)} KB live a stream`,
    median.maxUs && `longest ${time(median.maxUs)}`,
    median.listP50Us && `a list ${time(median.listP50Us)}`,
    median.listsRefused && `${(100 * median.listsRefused).toFixed(0)} % of the lists refused`,
    median.serverHeapRatio !== undefined && `server's heap × ${median.serverHeapRatio.toFixed(3)}`,
    median.clientHeapRatio !== undefined && `client's × ${median.clientHeapRatio.toFixed(3)}`,
    median.serverPeakRatio !== undefined && `server's peak × ${median.serverPeakRatio.toFixed(2)}`,
    median.clientPeakRatio !== undefined &&
      `client's × ${median.clientPeakRatio.toFixed(2)} in the second half`,
  ].filter((note) => note !== false && note !== undefined && note !== 0);
  return [
    peer,
    rate(median.rate, unit),
    rates.length > 1 ? `±${(spread / 2).toFixed(0)} %` : "",
    notes.join(", "),
  ];
}

function rate(value: number, unit: string): string {
  if (unit === "bytes/s") return `${(value / 1e6).toFixed(0)} MB/s`;
  return `${Math.round(value).toLocaleString("en")} ${unit}`;
}

function time(us: number): string {
  return us < 1000 ? `${us.toFixed(0)} µs` : `${(us / 1000).toFixed(1)} ms`;
}

/** All of a report, for a terminal. */
export function asText(report: Report): string {
  const works = [...new Set(report.results.map(({ work }) => work))];
  const tables = works.map((work) => {
    const results = report.results.filter((result) => result.work === work);
    const json = results.find(({ peer }) => peer === "json" || peer === "json-by-hand");
    const rows = results.map((result) => columns(result, json));
    return [work, ...aligned(rows).map((row) => `  ${row}`)].join("\n");
  });
  const verdicts = judge(report.results).map(({ point, wanted, measured, met }) => [
    point,
    wanted,
    measured,
    met === undefined ? "" : met ? "met" : "NOT MET",
  ]);
  const { machine, versions, settings, date } = report;
  const where = `${machine.cpu}, ${machine.cores} cores${machine.pinned ? ", programs pinned" : ""}, ${date}`;
  const what = Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
  const how = `medians of ${settings.rounds} rounds of ${settings.seconds} s`;
  return [
    `${where}\n${what}\n${how}`,
    ...tables,
    ["point, wanted, measured", ...aligned(verdicts).map((row) => `  ${row}`)].join("\n"),
    ...(report.absent.length > 0
      ? [["took no part", ...report.absent.map((line) => `  ${line}`)].join("\n")]
      : []),
  ].join("\n\n");
}

/** Columns as wide as their widest entry. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
}
