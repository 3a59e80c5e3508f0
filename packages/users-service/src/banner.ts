import { resolve } from "node:path";
import type { Settings } from "./settings.js";

/** Where a service listens: the address of its settings, with the port that it has. */
function listeningAddress({ address }: Settings, port: number): string {
  return `${address.slice(0, address.lastIndexOf(":"))}:${port}`;
}

/** Pure: the fields of the line that says that the service listens. */
export function listeningFields(settings: Settings, port: number): Record<string, unknown> {
  const { database, reflection, http, runtime, tls, tokens } = settings;
  return {
    address: listeningAddress(settings, port),
    tls: tls !== undefined,
    clientCertificates: tls?.clientCaFile !== undefined,
    tokens: tokens?.size ?? 0,
    database,
    reflection,
    http,
    runtime,
  };
}

function curlLine(address: string, { tls, tokens }: Settings): string {
  const flags = [
    ...(tls ? ["--cacert <file>"] : []),
    ...(tls?.clientCaFile === undefined ? [] : ["--cert <file> --key <file>"]),
    ...(tokens ? ["-H 'authorization: Bearer <token>'"] : []),
  ];
  return ["curl", ...flags, `${urlOf(address, { tls })}/v1/users`].join(" ");
}

function urlOf(address: string, { tls }: Pick<Settings, "tls">): string {
  return `${tls ? "https" : "http"}://${address}`;
}

/** Pure: the first lines for a person at a terminal: where the service listens, how it is protected, and what to try next. */
export function banner(settings: Settings, port: number): string {
  const { database, reflection, http, runtime, tls, tokens } = settings;
  const address = listeningAddress(settings, port);
  const isDefault = address === "127.0.0.1:50051";
  const rows: [string, string][] = [
    [
      "TLS",
      tls
        ? tls.clientCaFile
          ? "yes, clients must show a certificate"
          : "yes"
        : "no; --tls-cert and --tls-key turn it on",
    ],
    [
      "tokens",
      tokens
        ? `${tokens.size} of --tokens-file`
        : "none: every caller may read and change all; --tokens-file names callers",
    ],
    ["database", database === ":memory:" ? "in memory: it ends with the service" : resolve(database)],
    ["reflection", reflection ? "yes" : "no; --reflection yes turns it on"],
    ["HTTP", http ? "REST, gRPC-Web and Connect on the same port; --http no turns them off" : "no"],
    ["runtime", runtime],
  ];
  const near = address.replace(/^0\.0\.0\.0:|^\[::\]:/, "127.0.0.1:");
  const demo = ["npm run demo", ...(isDefault && !tls ? [] : ["--", near])];
  if (tls) demo.push("--tls-ca <file>");
  if (tokens) demo.push("--token-file <file>");
  const next: [string, string][] = [
    [demo.join(" "), "walks through every call, in a second shell"],
    ...(http ? [[curlLine(near, settings), "lists the users by REST"] as [string, string]] : []),
    ...(http && reflection
      ? [[`${urlOf(near, settings)}/docs`, "shows the API to a browser"] as [string, string]]
      : []),
    ["npm start -- --help", "lists all settings"],
  ];
  const width = Math.max(...next.map(([command]) => command.length));
  return [
    `The users service listens on ${address}`,
    "",
    ...rows.map(([name, value]) => `  ${name.padEnd(12)}${value}`),
    "",
    "Try next:",
    ...next.map(([command, why]) => `  ${command.padEnd(width + 2)}${why}`),
    "",
    "Ctrl-C stops it. One line of JSON follows for each call.",
    "",
  ].join("\n");
}
