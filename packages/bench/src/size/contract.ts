// A large contract: 1,000 messages of ten fields and 300 methods, the same in each run.
import { Random } from "../codec/random.js";

export const MESSAGES = 1000;
export const METHODS = 300;
const FIELDS = 10;

/** Files of one package each, with an enum, a service and messages. A file imports the one before it. */
const FILES = 20;
const MESSAGES_A_FILE = MESSAGES / FILES;
const METHODS_A_FILE = METHODS / FILES;

/** One message with a file to itself: what a browser's page may need of a contract. */
export const ONE = { path: "size/one/v1/one.proto", message: "One" };

/**
 * The fields that messages have: ten in a row each, each message from another place on. `{M}` is a message of the file, `{E}` its
 * enum, `{B}` a message of the file before. Most names are one word, as ts-proto writes five lines more for one of two.
 */
const fields: readonly Field[] = [
  { name: "name", type: "string" },
  { name: "count", type: "int32" },
  { name: "active", type: "bool" },
  { name: "size", type: "int64" },
  { name: "labels", type: "repeated string" },
  { name: "created_at", type: "google.protobuf.Timestamp" },
  { name: "status", type: "{E}" },
  { name: "parent", type: "{M}" },
  { name: "ratio", type: "double" },
  { name: "description", type: "string" },
  { name: "title", type: "string" },
  { name: "total", type: "uint64" },
  { name: "page_token", type: "string" },
  { name: "children", type: "repeated {M}" },
  { name: "priority", type: "optional int32" },
  { name: "checksum", type: "bytes" },
  { name: "owner", type: "{B}" },
  { name: "revision", type: "uint32" },
  { name: "scores", type: "repeated int32" },
  { name: "nickname", type: "optional string" },
];

/** In place of its last fields, every fifth message has one of these: a map or a oneof. */
const rare: readonly (readonly Field[])[] = [
  [{ name: "attributes", type: "map<string, string>" }],
  [
    { name: "card", type: "{M}", oneof: "payment" },
    { name: "voucher", type: "string", oneof: "payment" },
  ],
  [{ name: "members", type: "map<string, {M}>" }],
  [
    { name: "text", type: "string", oneof: "content" },
    { name: "number", type: "int64", oneof: "content" },
  ],
];
const RARE_EVERY = 5;

interface Field {
  name: string;
  type: string;
  oneof?: string;
}

/** All files, by their paths. */
export function makeContract(): ReadonlyMap<string, string> {
  const files = Array.from({ length: FILES }, (_, index) => [pathOf(index), fileOf(index)] as const);
  return new Map([...files, [ONE.path, oneFile()]]);
}

const two = (index: number): string => String(index).padStart(2, "0");
const packageOf = (file: number): string => `size.part${two(file)}.v1`;
const pathOf = (file: number): string => `size/part${two(file)}/v1/part${two(file)}.proto`;
const messageName = (index: number): string => `Message${two(index)}`;

function head(name: string, ...imports: string[]): string[] {
  const lines = imports.toSorted().map((path) => `import "${path}";`);
  return [`syntax = "proto3";`, "", `package ${name};`, "", ...lines, ""];
}

function fileOf(file: number): string {
  const random = new Random(file);
  const timestamp = "google/protobuf/timestamp.proto";
  const messages = Array.from({ length: MESSAGES_A_FILE }, (_, index) => messageOf(file, index, random));
  return [
    ...head(packageOf(file), timestamp, ...(file > 0 ? [pathOf(file - 1)] : [])),
    ...serviceOf(file, random),
    ...enumOf("Status"),
    ...messages.flat(),
  ].join("\n");
}

function serviceOf(file: number, random: Random): string[] {
  const methods = Array.from({ length: METHODS_A_FILE }, (_, index) => {
    // Most methods have no streams.
    const [request, response] = [index % 5 === 4 ? "stream " : "", index % 5 === 3 ? "stream " : ""];
    const [input, output] = [anyMessage(random), anyMessage(random)];
    return `  rpc Method${two(index)}(${request}${input}) returns (${response}${output});`;
  });
  return [`service Service${two(file)} {`, ...methods, "}", ""];
}

function enumOf(name: string): string[] {
  const values = ["UNSPECIFIED", "OPEN", "PAID", "SENT", "CLOSED"];
  return [`enum ${name} {`, ...values.map((value, index) => `  STATUS_${value} = ${index};`), "}", ""];
}

function anyMessage(random: Random): string {
  return messageName(Math.floor(random.fraction() * MESSAGES_A_FILE));
}

/**
 * A message may have those before it in its family, and the first one of a file, which has none. So nesting is at most that
 * deep: where all may have all, the compiler gives up on ts-proto's types.
 */
const FAMILY = 5;

function memberOf(index: number, random: Random): string {
  const place = index % FAMILY;
  return messageName(place === 0 ? 0 : index - 1 - Math.floor(random.fraction() * place));
}

function messageOf(file: number, index: number, random: Random): string[] {
  const lines = fieldsOf(file, index).flatMap(({ name, type, oneof }, at) => {
    const line = `  ${typeOf(type, file, index, random)} ${name} = ${at + 1};`;
    // The two members of a oneof are a message's last fields.
    if (oneof === undefined) return [line];
    return at === FIELDS - 1 ? [`  ${line}`, "  }"] : [`  oneof ${oneof} {`, `  ${line}`];
  });
  return [`message ${messageName(index)} {`, ...lines, "}", ""];
}

function fieldsOf(file: number, index: number): Field[] {
  const start = 7 * (file + index);
  const own = Array.from({ length: FIELDS }, (_, at) => fields[(start + at) % fields.length]!);
  if ((index + 1) % RARE_EVERY !== 0) return own;
  const last = rare[((index + 1) / RARE_EVERY) % rare.length]!;
  return [...own.slice(0, FIELDS - last.length), ...last];
}

function typeOf(type: string, file: number, index: number, random: Random): string {
  // The first message of a file is in others, and has none.
  if (index === 0 && /\{[MB]\}/.test(type)) return "string";
  return type
    .replace("{M}", memberOf(index, random))
    .replace("{E}", "Status")
    .replace("{B}", `${packageOf(Math.max(0, file - 1))}.${messageName(0)}`);
}

function oneFile(): string {
  const types = [
    "string",
    "string",
    "int32",
    "int64",
    "bool",
    "double",
    "Status",
    "google.protobuf.Timestamp",
    "repeated string",
    "map<string, string>",
  ];
  return [
    ...head("size.one.v1", "google/protobuf/timestamp.proto"),
    ...enumOf("Status"),
    `message ${ONE.message} {`,
    ...types.map((type, index) => `  ${type} field${two(index)} = ${index + 1};`),
    "}",
    "",
  ].join("\n");
}
