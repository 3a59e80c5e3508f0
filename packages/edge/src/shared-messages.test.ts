import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { toJsonText, type JsonSink } from "@callwire/protobuf";
import { createServer, type CallwireServer } from "@callwire/server-kit";
import { shareEncoding } from "@callwire/transport";
import { WebSocket } from "ws";
import { createEdge, type Edge } from "./create-edge.js";
import { withKeptJson } from "./serve/kept-json.js";
import { post, PROBE, requestBytes } from "./testing/call-rpc.js";
import { frame, framesOf } from "./testing/frames.js";
import { send } from "./testing/serve-edge.js";
import {
  ProbeServiceDefinition,
  BindRequest,
  BindResponse,
  Part,
  WatchNumbersResponse,
} from "./testing/gen/callwire/edge/testing/v1/probe_service.js";

/** How often a message was encoded, by JSON and by protobuf. */
let made = { json: 0, proto: 0 };

const counted = <Type extends typeof BindResponse | typeof WatchNumbersResponse>(type: Type): Type => ({
  ...type,
  writeJson(message: never, sink: JsonSink) {
    made.json++;
    type.writeJson(message, sink);
  },
  encode(message: never, writer?: never) {
    made.proto++;
    return type.encode(message, writer);
  },
});

const { methods } = ProbeServiceDefinition;
const definition = {
  ...ProbeServiceDefinition,
  methods: {
    ...methods,
    bind: { ...methods.bind, responseType: counted(BindResponse) },
    watchNumbers: { ...methods.watchNumbers, responseType: counted(WatchNumbersResponse) },
  },
};

const numbers = () =>
  ["a", "é"].map((padding, index) => ({ number: index + 1, resumeToken: `t${index + 1}`, padding }));
const lines =
  '{"number":1,"resumeToken":"t1","padding":"a"}\n{"number":2,"resumeToken":"t2","padding":"é"}\n';
const events = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line, index) => `id: t${index + 1}\ndata: ${line}\n\n`)
    .join("");
const END = "event: end\ndata: {}\n\n";

let server: CallwireServer<unknown>;
let edge: Edge;
let url: string;
let watched: WatchNumbersResponse[];
const bound = shareEncoding(BindResponse.fromPartial({ request: { name: "n" } }));
/** What Bind answers. */
let answer: BindResponse;

beforeEach(async () => {
  made = { json: 0, proto: 0 };
  watched = numbers().map(shareEncoding);
  answer = bound;
  const started = createServer().add(definition, {
    query: async () => ({}),
    bind: async () => answer,
    async *watchNumbers() {
      yield* watched;
    },
    sum: async () => ({}),
    async *talk() {},
  });
  server = started;
  edge = createEdge({ server: started });
  url = `http://127.0.0.1:${await started.http(edge).listen("127.0.0.1:0")}`;
});
afterEach(() => server.forceShutdown());

/** What some watchers get at the same time. */
const watch = (
  headers: Record<string, string> = {},
  fetch_: (request: Request) => Promise<Response> = fetch,
) =>
  Promise.all(
    Array.from({ length: 4 }, async () =>
      (await fetch_(new Request(`${url}/v1/numbers`, { headers }))).text(),
    ),
  );
const sse = { accept: "text/event-stream" };
const four = <T>(one: T): T[] => Array<T>(4).fill(one);

test("a message that many watch is made JSON once for each form of a stream", async () => {
  expect(await watch()).toEqual(four(lines));
  expect(made.json).toBe(2);
  expect(await watch(sse)).toEqual(four(events(lines) + END));
  expect(made.json).toBe(4);
  expect(await watch(sse)).toEqual(four(events(lines) + END));
  // Compressed, and without node:http.
  expect(await watch({ "accept-encoding": "gzip" })).toEqual(four(lines));
  expect(await watch(sse, (request) => edge.fetch(request))).toEqual(four(events(lines) + END));
  expect(made.json).toBe(4);
});

test("HTTP/2 gets the same bytes, and HTTP/1.0 no chunks", async () => {
  await watch();
  const session = connectHttp2(url);
  const stream = session.request({ ":path": "/v1/numbers" });
  let text = "";
  for await (const part of stream.setEncoding("utf8")) text += part;
  session.close();
  expect(text).toBe(lines);
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.end("GET /v1/numbers HTTP/1.0\r\n\r\n");
  let answer = "";
  for await (const part of socket.setEncoding("utf8")) answer += part;
  expect(answer.slice(answer.indexOf("\r\n\r\n") + 4)).toBe(lines);
  expect(made.json).toBe(2);
});

test("each edge has its own options", async () => {
  const other = createEdge({ server, json: { originalNames: true } });
  const inOther = lines.replaceAll("resumeToken", "resume_token");
  for (let time = 0; time < 2; time++) {
    expect(await watch()).toEqual(four(lines));
    expect(await watch({}, (request) => other.fetch(request))).toEqual(four(inOther));
  }
  expect(made.json).toBe(4);
});

test("a message that is not marked is made for each watcher", async () => {
  watched = numbers();
  expect(await watch()).toEqual(four(lines));
  expect(made.json).toBe(8);
});

const bind = async () => (await send(`${url}/v1/shelves/1/books/2:bind`, { method: "POST" })).text;

test("one answer of a marked message is made once, too", async () => {
  for (let time = 0; time < 3; time++) expect(await bind()).toBe('{"request":{"name":"n"}}');
  expect(made.json).toBe(1);
});

test("a marked message is made once for all answers that it is a part of", async () => {
  const part = shareEncoding({ id: "é", count: 1, inner: undefined });
  const { request } = BindResponse.fromPartial({ request: { part: {} } });
  request!.part = part;
  const answers = [];
  for (const tag of ["a", "b"]) {
    // Nobody may change what is marked: here it shows what was written again.
    part.count = tag.charCodeAt(0);
    request!.name = tag;
    answer = { request, tags: [tag] };
    answers.push(await bind());
  }
  expect(answers).toEqual([
    '{"request":{"name":"a","part":{"id":"é","count":97}},"tags":["a"]}',
    '{"request":{"name":"b","part":{"id":"é","count":97}},"tags":["b"]}',
  ]);
});

test("types that share a message have JSON of their own", () => {
  const write = withKeptJson({});
  const message = shareEncoding({ id: "a", name: "b", count: 0, inner: undefined });
  expect(toJsonText(Part, message, write)).toBe('{"id":"a"}');
  expect(toJsonText(BindRequest, message as never, write)).toBe('{"name":"b","id":"a"}');
  expect(toJsonText(Part, message, write)).toBe('{"id":"a"}');
});

test.each(["json", "proto"] as const)("Connect and WebSocket send %s that was made once", async (format) => {
  const connected = [];
  for (let time = 0; time < 3; time++) {
    const request = frame(0, requestBytes("WatchNumbers", {}, format));
    const { body } = await post(`${url}${PROBE}/WatchNumbers`, `application/connect+${format}`, request);
    connected.push(framesOf(body).map(([, data]) => data.toString("latin1")));
  }
  expect(connected).toEqual(Array(3).fill(connected[0]));
  expect(made[format]).toBe(2);
  const { origin } = new URL(url);
  const sent: string[] = [];
  for (let time = 0; time < 3; time++) {
    const socket = new WebSocket(`${origin.replace("http", "ws")}/v1/numbers`, `callwire.v1.${format}`);
    socket.on("message", (data: Buffer) => sent.push(data.toString("latin1")));
    await once(socket, "close");
  }
  const [first, second] = connected[0]!;
  expect(sent).toEqual([first, second, first, second, first, second]);
  expect(made[format]).toBe(4);
});
