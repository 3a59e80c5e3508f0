// Makes docs/limits.md out of the code: the doc comments of all interfaces of options, and the values of their defaults.
// `node scripts/limits-page.mjs` writes it; the check of the docs compares it.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";

export const LIMITS_PAGE = "docs/limits.md";

/** The interfaces, by the section that has them. `defaults` are objects of the code, each a column of its own. */
const sections = [
  {
    title: "A server",
    tables: [
      {
        of: "ServerLimits",
        file: "transport/src/server/server-options.ts",
        text: "`createServer({ limits })` sets them, of the kit and of the transport. The kit has some defaults of its own.",
        defaults: [
          ["server-kit", "server-kit/src/limits.ts", "defaultServerLimits"],
          ["transport", "transport/src/server/server-options.ts", "defaultServerLimits"],
        ],
      },
      {
        of: "ConnectionOptions",
        file: "transport/src/http2/connection-options.ts",
        text: "`createServer({ http2 })` sets them, and `http2` of a channel's options. A client has no `maxQueuedBytes`.",
        defaults: [["default", "transport/src/http2/connection-options.ts", "defaultConnectionOptions"]],
      },
      {
        of: "AbuseLimits",
        file: "transport/src/http2/abuse-guard.ts",
        text: "`http2.abuse` sets them, each as `{ burst, perSecond }`. Over one, the connection ends with ENHANCE_YOUR_CALM.",
        defaults: [["default", "transport/src/http2/abuse-guard.ts", "defaultAbuseLimits"]],
      },
      {
        of: "ServerOptions",
        file: "server-kit/src/create-server.ts",
        text: "`createServer` of the kit takes them.",
      },
      { of: "ShutdownOptions", file: "server-kit/src/create-server.ts", text: "`shutdown` takes them." },
      {
        of: "StopOnSignalsOptions",
        file: "server-kit/src/stop-on-signals.ts",
        text: "`stopOnSignals` takes them.",
      },
      {
        of: "RunServerOptions",
        file: "server-kit/src/run-server.ts",
        text: "`runServer` takes them.",
      },
      { of: "TlsFiles", file: "server-kit/src/tls-credentials.ts", text: "`tlsCredentials` takes them." },
      { of: "CreateLoggerOptions", file: "server-kit/src/logger.ts", text: "`createLogger` takes them." },
      { of: "LoggingOptions", file: "server-kit/src/middleware/logging.ts", text: "`logging` takes them." },
      {
        of: "ErrorBoundaryOptions",
        file: "server-kit/src/middleware/error-boundary.ts",
        text: "`errorBoundary` takes them.",
      },
      {
        of: "RequestIdOptions",
        file: "server-kit/src/middleware/request-id.ts",
        text: "`requestId` takes them.",
      },
    ],
  },
  {
    title: "A client",
    tables: [
      {
        of: "ClientOptions",
        file: "client-sdk/src/client-options.ts",
        text: "`createClient` of the SDK takes them.",
      },
      { of: "ClientCallOptions", file: "client-sdk/src/client-options.ts", text: "Each call takes them." },
      { of: "CallOptions", file: "transport/src/client/client-types.ts", text: "Each call takes these too." },
      {
        of: "RetryOptions",
        file: "client-sdk/src/middleware/retry.ts",
        text: "`retry` of the client takes them.",
      },
      {
        of: "ResumableOptions",
        file: "client-sdk/src/resumable/resumable.ts",
        text: "`resumable` takes them.",
      },
      {
        of: "WatchOptions",
        file: "client-sdk/src/users/watch.ts",
        text: "`watchUsers` of the users client takes them.",
      },
      {
        of: "ChannelOptions",
        file: "transport/src/client/channel-options.ts",
        text: "`createChannel` takes them, and `channelOptions` of the SDK. The SDK has some defaults of its own.",
        defaults: [["client-sdk", "client-sdk/src/internal/channel-options.ts", "defaultChannelOptions"]],
        rest: "transport",
      },
    ],
  },
];

/** Bounds that nothing changes. */
const fixed = [
  ["protobuf/src/reader.ts", ["MAX_DEPTH", "TEXT_WINDOW_BYTES"]],
  ["protobuf/src/writer.ts", ["MAX_MESSAGE_BYTES"]],
  ["protobuf/src/json/options.ts", ["MAX_JSON_DEPTH"]],
  ["transport/src/http2/header-block.ts", ["MAX_HEADER_BLOCK_BYTES", "MAX_CONTINUATIONS"]],
  ["transport/src/http2/settings.ts", ["MAX_SETTINGS_ENTRIES"]],
  ["transport/src/http2/sender.ts", ["MAX_QUEUED_BYTES"]],
  ["transport/src/grpc/metadata.ts", ["MAX_BINARY_VALUES"]],
  ["transport/src/grpc/status.ts", ["MAX_STATUS_MESSAGE_BYTES"]],
  ["transport/src/grpc/message-source.ts", ["MAX_QUEUED_MESSAGES"]],
  ["transport/src/server/request-head.ts", ["MAX_PATH_LENGTH"]],
  ["transport/src/client/channel-options.ts", ["MIN_KEEPALIVE_MS"]],
  ["transport/src/client/tunnel.ts", ["MAX_PROXY_ANSWER_BYTES"]],
  ["server-kit/src/middleware/request-id.ts", ["MAX_REQUEST_ID_LENGTH"]],
  ["server-kit/src/errors/status-details.ts", ["MAX_STATUS_DETAILS_BYTES"]],
];

const read = (file) => readFileSync(`packages/${file}`, "utf8");

/** The text of a doc comment, on one line. */
const textOf = (comment) =>
  comment
    .replace(/^\s*\/?\*+\/?/gm, "")
    .replace(/\*\/\s*$/, "")
    .replace(/\{@link (?:\w+\.)?(\w+)\}/g, "`$1`")
    .replace(/@throws[^]*/, "")
    .replace(/\s+/g, " ")
    .trim();

/** What a comment says of the default, and the rest of it. */
function splitDefault(text) {
  const at = text.search(/(?:^|(?<=[.;)] ))Default:? /);
  if (at < 0) return { meaning: text, byDefault: "" };
  // To the end of its sentence; "grpc.x" and "24.8" end none.
  const [said] = /^Default:? .*?(?:[.](?= [A-Z]|$)|$)/.exec(text.slice(at));
  const rest = text.slice(at + said.length).trim();
  const byDefault = said.replace(/^Default:? /, "").replace(/\.$/, "");
  return { meaning: `${text.slice(0, at).trim()} ${rest}`.trim(), byDefault };
}

/** The properties of an interface, each with the text of its comment. */
function propertiesOf(file, name) {
  const body = new RegExp(`^export interface ${name}\\b[^{]*\\{\\n(.*?)^\\}`, "ms").exec(read(file))?.[1];
  if (body === undefined)
    throw new Error(`packages/${file} has no interface ${name}: see scripts/limits-page.mjs`);
  return Array.from(
    body.matchAll(/(?:^ {2}(\/\*\*(?:(?!\*\/)[^])*\*\/)\n)?^ {2}(?:readonly )?"?([\w.]+)"?\??[:(]/gm),
    ([, comment = "", property]) => ({ property, text: textOf(comment) }),
  );
}

/** The value of a constant of the code that is a literal, or a sum or product of some. */
function valueOf(file, name) {
  const source = new RegExp(
    `^(?:export )?const ${name}(?:: \\w+)? = (.*?)(?: satisfies [^;]*)?;$`,
    "ms",
  ).exec(read(file))?.[1];
  if (source === undefined) throw new Error(`packages/${file} has no ${name}: see scripts/limits-page.mjs`);
  // A default that stands in another file has a table of its own.
  return runInNewContext(`(${source})`, { defaultAbuseLimits: "below", Infinity });
}

/** A number with the unit that its name gives. */
function shown(name, value) {
  if (value === undefined) return "";
  if (value === Infinity) return "no limit";
  if (typeof value === "object")
    return `${shown("", value.burst)} at once, ${shown("", value.perSecond)} a second`;
  if (typeof value !== "number") return String(value);
  const units = /Bytes|BYTES|Window|WINDOW|Size$|_length$/.test(name)
    ? [
        [1024 ** 3, "GiB"],
        [1024 ** 2, "MiB"],
        [1024, "KiB"],
        [1, "bytes"],
      ]
    : /Ms$|_MS$|_ms$/.test(name)
      ? [
          [3_600_000, "h"],
          [60_000, "min"],
          [1000, "s"],
          [1, "ms"],
        ]
      : [[1, ""]];
  const [factor, unit] = units.find(([factor]) => value >= factor && value % factor === 0) ?? units.at(-1);
  return `${(value / factor).toLocaleString("en")} ${unit}`.trim();
}

/** A table, laid out as prettier does. */
function table(rows) {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = cells[0].map((_, column) => Math.max(3, ...cells.map((row) => row[column].length)));
  const lines = cells.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`,
  );
  lines.splice(1, 0, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`);
  return lines.join("\n");
}

function optionTable({ of, file, text, defaults = [], rest }) {
  const values = defaults.map(([, where, name]) => valueOf(where, name));
  const said = defaults.length === 0 || rest !== undefined;
  const head = [
    "option",
    ...defaults.map(([title]) => title),
    ...(said ? [rest ?? "default"] : []),
    "meaning",
  ];
  const rows = propertiesOf(file, of).map(({ property, text }) => {
    const { meaning, byDefault } = splitDefault(text);
    return [
      `\`${property}\``,
      ...values.map((value) => shown(property, value[property])),
      ...(said ? [byDefault] : []),
      // A condition of the default stays beside its value.
      !said && /[,;] (?:or|but|it) /.test(byDefault) ? `${meaning} Default: ${byDefault}.` : meaning,
    ];
  });
  return `### ${of}\n\n${text}\n\n${table([head, ...rows])}\n`;
}

function fixedTable() {
  const rows = fixed.flatMap(([file, names]) =>
    names.map((name) => {
      const comment = new RegExp(`(/\\*\\*(?:(?!\\*/)[^])*\\*/)\\nexport const ${name}\\b`).exec(
        read(file),
      )?.[1];
      if (comment === undefined) throw new Error(`${name} has no doc comment`);
      return [`\`${name}\``, shown(name, valueOf(file, name)), textOf(comment)];
    }),
  );
  return table([["limit", "value", "meaning"], ...rows]);
}

/** The page. */
export function limitsPage() {
  const parts = sections.map(({ title, tables }) => `## ${title}\n\n${tables.map(optionTable).join("\n")}`);
  return `# Limits and defaults

This page is made from the code: each meaning is a doc comment, each value a constant. \`Infinity\` is no limit. A value out of its
range, and a name that is no option, throw when the server or client is made. [The users service](users-service.md#limits) has
limits of its own, and [the plugin](../packages/codegen/README.md#options) options.

${parts.join("\n")}
## Fixed

Nothing changes these.

${fixedTable()}
`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) writeFileSync(LIMITS_PAGE, limitsPage());
