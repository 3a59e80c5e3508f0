import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { ServerError, Status } from "nice-grpc-common";
import { pino } from "pino";
import type { ServerCallContext, ServerPhases } from "@callwire/transport";
import { createLogger, type Logger } from "../logger.js";
import { compileMethod } from "../internal/compile-method.js";
import { logging, type LoggingContext } from "./logging.js";

const method = { path: "/pkg.Service/Method", requestStream: false, responseStream: true, options: {} };

/** Passes one call through `logging`; returns the line. */
function lineOf(
  makeLogger: (destination: { write(line: string): void }) => Logger,
  {
    code = Status.OK,
    error,
    fields = [],
    ...context
  }: { code?: Status; error?: unknown; fields?: Record<string, unknown>[]; [part: string]: unknown } = {},
): string {
  const lines: string[] = [];
  const logger = makeLogger({ write: (line) => void lines.push(line) });
  const phases: ServerPhases = compileMethod([logging({ logger })], method).phases;
  const call = { peer: "127.0.0.1:5", deadline: undefined, ...context } as unknown as ServerCallContext;
  void phases.arrived?.(call);
  const { addLogFields } = phases.lazy as unknown as {
    addLogFields: (call: object) => LoggingContext["addLogFields"];
  };
  for (const one of fields) addLogFields(call)(one);
  phases.ended?.(call, code, error);
  return lines.join("");
}

const fast = (destination: { write(line: string): void }) => createLogger({ name: "s", destination });
/** A child is not written by hand. */
const slow = (destination: { write(line: string): void }) =>
  createLogger({ name: "s", destination }).child({}) as Logger;
const times = /"(time|grpc\.start_time)":"[^"]*"|"grpc\.time_ms":[\d.]+/g;

afterEach(() => {
  jest.restoreAllMocks();
});

describe("the line written by hand is the one that pino writes", () => {
  test.each<[string, Parameters<typeof lineOf>[1]]>([
    ["of a call that went well", { requestId: "r-1" }],
    ["without an id", {}],
    ["with an id that needs escapes", { requestId: 'a"b\\c' }],
    ["with a deadline", { deadline: new Date(1_700_000_000_123) }],
    ["of a call that failed", { code: Status.ABORTED, error: new ServerError(Status.ABORTED, 'say "é"\n') }],
    [
      "of an error that is not the call's",
      { code: Status.CANCELLED, error: new ServerError(Status.ABORTED, "x") },
    ],
    [
      "with fields of handlers",
      {
        fields: [
          { subject: "ann", n: 1, yes: true },
          { n: 2, gone: undefined },
        ],
      },
    ],
    ["with secrets", { fields: [{ token: "t", API_KEY: 1, password: ["p"], subject: "ann" }] }],
    ["with names that need escapes", { fields: [{ 'a"b': 1, ä: "ö" }] }],
    ["with what is no text", { fields: [{ list: [1, { password: "p" }], big: 1n, nan: NaN }] }],
  ])("%s", (_what, call) => {
    const [byHand, byPino] = [lineOf(fast, call), lineOf(slow, call)];
    expect(byHand.replaceAll(times, "$1")).toBe(byPino.replaceAll(times, "$1"));
    expect(byHand).toMatch(/^\{"level":\d0,"time":"[^"]+Z","name":"s",.*"msg":"finished call"\}\n$/);
  });
});

test("the times of the line are those that the runtime has as numbers", () => {
  jest.spyOn(performance, "now").mockReturnValue(5000);
  jest.spyOn(Date, "now").mockReturnValue(1_700_000_005_000);
  const line = (deadlineMs: number) =>
    JSON.parse(lineOf(fast, { arrivedMs: 3000, deadlineMs })) as Record<string, unknown>;
  expect(line(10_000)).toMatchObject({
    "grpc.start_time": "2023-11-14T22:13:23.000Z",
    "grpc.request.deadline": "2023-11-14T22:13:30.000Z",
    "grpc.time_ms": 2000,
  });
  expect(line(Infinity)).not.toHaveProperty(["grpc.request.deadline"]);
});

test.each([0, 0.001, 0.01, 0.1, 0.9996, 1, 12.34567, 999.9999, 60_000.5, 90_000_000.25])(
  "a time of %d ms is written as pino does",
  (timeMs) => {
    const linesOf = [fast, slow].map((makeLogger) => {
      jest
        .spyOn(performance, "now")
        .mockReturnValueOnce(1000)
        .mockReturnValueOnce(1000 + timeMs);
      const time = /"grpc\.time_ms":([^,]*),/.exec(lineOf(makeLogger))?.[1];
      jest.restoreAllMocks();
      return time;
    });
    expect(linesOf[0]).toBe(linesOf[1]);
    expect(Number(linesOf[0])).toBeCloseTo(timeMs, 3);
  },
);

test("what repeats is written as it is for each call", () => {
  const lines: string[] = [];
  const logger = createLogger({ destination: { write: (line) => void lines.push(line) } });
  const phases = compileMethod([logging({ logger })], method).phases;
  const peers = ["a", "a", 'b"', "a"];
  for (const peer of peers) phases.ended?.({ peer } as ServerCallContext, Status.OK, undefined);
  expect(lines.map((line) => (JSON.parse(line) as Record<string, unknown>)["peer.address"])).toEqual(peers);
});

test("fields that are added twice are those of the call, though others have added the same objects", () => {
  const lines: string[] = [];
  const logger = createLogger({ destination: { write: (line) => void lines.push(line) } });
  const phases = compileMethod([logging({ logger })], method).phases;
  const { addLogFields } = phases.lazy as unknown as {
    addLogFields: (call: object) => LoggingContext["addLogFields"];
  };
  const [route, ann, bob] = [{ route: "/a" }, { subject: "ann" }, { subject: "bob" }].map(Object.freeze);
  const changing = { subject: "" };
  const added = [
    [route, ann],
    [route, ann],
    [route, bob],
    [ann, route],
    [route, changing],
    [route, changing],
    [route, ann, bob],
  ];
  const written = added.map((all, index) => {
    const call = { peer: "" } as ServerCallContext;
    changing.subject = `c${index}`;
    for (const fields of all) addLogFields(call)(fields as Record<string, unknown>);
    phases.ended?.(call, Status.OK, undefined);
    const { route: path, subject } = JSON.parse(lines.at(-1)!) as Record<string, string>;
    return `${path} ${subject}`;
  });
  expect(written).toEqual(["/a ann", "/a ann", "/a bob", "/a ann", "/a c4", "/a c5", "/a bob"]);
});

test("times are those of the call", () => {
  const before = Date.now();
  const line = JSON.parse(lineOf(fast)) as Record<string, string>;
  for (const name of ["time", "grpc.start_time"]) {
    const time = Date.parse(line[name]!);
    expect(time).toBeGreaterThanOrEqual(before - 1);
    expect(time).toBeLessThanOrEqual(Date.now());
    expect(new Date(time).toISOString()).toBe(line[name]);
  }
});

test("heeds what becomes of the logger: its level, and its bindings", () => {
  const lines: string[] = [];
  const logger = createLogger({ destination: { write: (line) => void lines.push(line) } });
  const phases = compileMethod([logging({ logger })], method).phases;
  const end = () => phases.ended?.({ peer: "" } as ServerCallContext, Status.OK, undefined);
  logger.setBindings({ version: "2" });
  end();
  logger.level = "warn";
  end();
  logger.level = "silent";
  phases.ended?.({ peer: "" } as ServerCallContext, Status.INTERNAL, undefined);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({ version: "2", "grpc.code": "OK" });
});

test("other loggers of pino write the line with all that they have", () => {
  const line = lineOf(
    (destination) =>
      pino(
        {
          mixin: () => ({ mixed: "in" }),
          serializers: { request_id: (id: string) => `<${id}>` },
          formatters: { level: (label) => ({ severity: label }) },
          messageKey: "message",
        },
        destination,
      ),
    { requestId: "r" },
  );
  expect(JSON.parse(line)).toMatchObject({
    mixed: "in",
    request_id: "<r>",
    severity: "info",
    message: "finished call",
  });
});
