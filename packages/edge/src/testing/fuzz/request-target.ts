import { setTimeout as delay } from "node:timers/promises";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { createLogger, createServer } from "@callwire/server-kit";
import { mustHold, type FuzzSession, type FuzzTarget } from "@callwire/testkit/fuzz/fuzz-target";
import { createEdge } from "../../create-edge.js";
import { requestBytes, PROBE } from "../call-rpc.js";
import { frame } from "../frames.js";
import { LibraryServiceDefinition } from "../gen/callwire/edge/testing/v1/library_service.js";
import { ProbeServiceDefinition } from "../gen/callwire/edge/testing/v1/probe_service.js";
import { libraryService } from "../library-service.js";
import { probeService } from "../probe-service.js";

/** The time in which a request must be answered, in milliseconds: node:zlib works in threads, which may have to wait for a core. */
const MAX_MS = 15_000;
/** The parts of an answer that are read. */
const MAX_PARTS = 20;

/** Requests of HTTP, as text: each gets a clear answer, and is no fault of the edge's. */
export const edgeRequests: FuzzTarget = {
  name: "edge-requests",
  about: "requests of REST, gRPC-Web and Connect to an edge",
  covers: ["/edge/src/"],
  maxBytes: 1000,
  isText: true,
  seeds,
  dictionary: [
    "content-type: ",
    "application/json",
    "application/x-ndjson",
    "application/proto",
    "application/grpc-web+proto",
    "application/grpc-web-text+json",
    "application/connect+json",
    "accept: text/event-stream",
    "accept-encoding: gzip",
    "content-encoding: br",
    "grpc-timeout: 1S",
    "connect-timeout-ms: 10",
    'if-match: "a"',
    "last-event-id: 1",
    "origin: https://a.example",
    "%2F",
    "%ff",
    "?",
    "&",
    ":bind",
    '"number":',
    "1e999",
    "\\ud800",
    "==",
    Buffer.of(0, 0, 0, 0, 2),
  ],
  maxSteps: { base: 200_000, perByte: 3000 },
  open,
};

function open(): FuzzSession {
  const server = createServer({ logger: createLogger({ level: "silent" }) });
  const probe = probeService();
  server.add(ProbeServiceDefinition, {
    ...probe,
    bind: (request, context) => probe.bind({ ...request, failCode: 0 }, context),
    async *watchNumbers({ resumeToken }) {
      for (let number = 0; number < 3; number++) yield { number, resumeToken, padding: resumeToken };
    },
  });
  server.add(LibraryServiceDefinition, libraryService());
  const edge = createEdge({
    server,
    cors: { origins: ["https://a.example"], credentials: true },
    limits: { maxBodyBytes: 10_000, maxBufferedBytes: 100_000, maxUrlLength: 900 },
  });
  const faults: unknown[] = [];
  const onRejection = (error: unknown): void => void faults.push(error);
  process.on("unhandledRejection", onRejection);
  return {
    async run(input) {
      const request = requestOf(input);
      if (request === undefined) return;
      const { status, headers, body } = await inTime(answerOf(edge.fetch(request)));
      const text = body.toString();
      mustHold(status >= 200 && status !== 500, `the answer is ${status}: ${text}`);
      mustHold(
        status < 400 || request.method === "HEAD" || text !== "" || status === 412,
        `${status} says nothing`,
      );
      if (
        /^application\/(?:problem\+)?json/.test(headers.get("content-type") ?? "") &&
        text !== "" &&
        !headers.has("content-encoding")
      )
        JSON.parse(text);
      mustHold(faults.length === 0, `unhandled: ${String(faults[0])}`);
    },
    close: () => {
      process.off("unhandledRejection", onRejection);
      server.forceShutdown();
    },
  };
}

/** A line with the method and the target, lines of fields, an empty one, and the body. Undefined for what is no request. */
function requestOf(input: Buffer): Request | undefined {
  const end = input.indexOf("\n\n");
  const head = input.subarray(0, end < 0 ? input.length : end).toString("latin1");
  const [line = "", ...fields] = head.split("\n");
  const [method = "", target = ""] = line.split(" ");
  const body = end < 0 ? Buffer.alloc(0) : input.subarray(end + 2);
  try {
    const headers = new Headers(fields.map((field) => pairOf(field)));
    const hasBody = body.length > 0 && method !== "GET" && method !== "HEAD";
    const init = { method, headers, ...(hasBody && { body: inParts(body), duplex: "half" }) };
    return new Request(`http://localhost${target}`, init as RequestInit);
  } catch {
    return undefined;
  }
}

function pairOf(field: string): [name: string, value: string] {
  const colon = field.indexOf(":");
  return [field.slice(0, colon), field.slice(colon + 1)];
}

/** A body that comes in two parts, whose lengths it says itself. */
function inParts(bytes: Buffer): ReadableStream<Uint8Array> {
  const at = bytes[0]! % (bytes.length + 1);
  return new ReadableStream({
    start(controller) {
      for (const part of [bytes.subarray(0, at), bytes.subarray(at)])
        if (part.length > 0) controller.enqueue(part);
      controller.close();
    },
  });
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

async function answerOf(answering: Promise<Response>): Promise<Answer> {
  const { status, headers, body } = await answering;
  const parts: Uint8Array[] = [];
  const reader = body?.getReader();
  if (reader !== undefined) {
    for (let read = 0; read < MAX_PARTS; read++) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
    }
    await reader.cancel();
  }
  return { status, headers, body: Buffer.concat(parts) };
}

/** Waits, for a time that is bounded. */
async function inTime<T>(answering: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = async (): Promise<never> => {
    await delay(MAX_MS, undefined, over);
    throw new Error(`there is no answer after ${MAX_MS} ms`);
  };
  try {
    return await Promise.race([answering, late()]);
  } finally {
    over.abort();
  }
}

function seeds(): Buffer[] {
  const sum = Buffer.from(requestBytes("Sum", { number: 1, label: "a" }));
  const bind = Buffer.from(requestBytes("Bind", { id: "a", number: 1 }));
  const typed = (type: string, ...more: string[]): string =>
    [`content-type: ${type}`, ...more].join("\n") + "\n\n";
  const requests: [head: string, body?: Uint8Array | string][] = [
    ["GET /v1/query?string_value=a&strings=b&strings=%C3%A9&bool_value=true\naccept-encoding: br\n\n"],
    ["GET /v1/numbers?resume_token=1\naccept: text/event-stream\nlast-event-id: 2\n\n"],
    [
      `POST /v1/shelves/1/books/2:bind\n${typed("application/json")}`,
      '{"number":1,"tags":["a"],"part":{"id":"b"}}',
    ],
    [`PUT /v1/parts/a\n${typed("application/json", 'if-match: "x"', "prefer: wait=1")}`, '{"id":"a"}'],
    [`POST /v1/sums/a\n${typed("application/x-ndjson")}`, '{"number":1}\n\n{"number":2}\n'],
    [
      `POST /v1/sums/a\n${typed("application/x-ndjson", "content-encoding: gzip")}`,
      gzipSync('{"number":1}\n'),
    ],
    [
      `POST /v1/talk\n${typed("application/x-ndjson", "content-encoding: br")}`,
      brotliCompressSync('{"text":"a"}\n'),
    ],
    [`POST ${PROBE}/Bind\n${typed("application/grpc-web+proto", "grpc-timeout: 1S")}`, frame(0, bind)],
    [`POST ${PROBE}/Sum\n${typed("application/grpc-web-text+proto")}`, frame(0, sum).toString("base64")],
    [
      `POST ${PROBE}/Sum\n${typed("application/connect+proto", "connect-content-encoding: gzip")}`,
      frame(1, gzipSync(sum)),
    ],
    [`POST ${PROBE}/Bind\n${typed("application/json", "connect-protocol-version: 1")}`, '{"id":"a"}'],
    [`POST ${PROBE}/WatchNumbers\n${typed("application/connect+json")}`, frame(0, "{}")],
    [`GET ${PROBE}/Query?connect=v1&encoding=json&message=%7B%7D\n\n`],
    ["OPTIONS /v1/talk\norigin: https://a.example\naccess-control-request-method: POST\n\n"],
    ["HEAD /v1/query\n\n"],
    ["DELETE /v1/things/7\n\n"],
  ];
  return requests.map(([head, body = ""]) => Buffer.concat([Buffer.from(head), Buffer.from(body as string)]));
}
