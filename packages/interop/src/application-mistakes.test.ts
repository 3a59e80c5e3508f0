// Each place where an application's code runs × each way in which it goes wrong: no process ends, no other call notices, and the
// log says what the client got. Jest fails a test for what nobody catches.
import { EventEmitter, on } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { CallError, createClient, Metadata, Status, type ClientCallOptions } from "@callwire/client-sdk";
import { niceGrpc as clientNiceGrpc } from "@callwire/client-sdk/nice-grpc";
import {
  auth,
  createServer,
  errorBoundary,
  logging,
  notFound,
  requestId,
  type Logger,
} from "@callwire/server-kit";
import { niceGrpc as serverNiceGrpc } from "@callwire/server-kit/nice-grpc";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";

declare const runtimeName: "nice-grpc" | "transport";

/** The ways to go wrong. Those that are async, or never settle, are so where nobody waits, too. */
const WAYS = {
  "throws undefined": () => {
    throw undefined;
  },
  "throws an object without prototype": () => {
    throw Object.create(null) as Error;
  },
  "throws at once": () => {
    throw new Error("at once");
  },
  "rejects later": async () => {
    await nextTurn();
    throw new Error("later");
  },
  "returns the wrong type": () => 42,
  "never settles": () => new Promise(() => {}),
} satisfies Record<string, () => unknown>;
type Way = keyof typeof WAYS;
const ways = Object.keys(WAYS) as Way[];

/** The values of the wrong type that each way becomes where no code runs. */
const VALUES: Record<Way, () => unknown> = {
  "throws undefined": () => undefined,
  "throws an object without prototype": () => Object.create(null) as unknown,
  "throws at once": () => ({
    get text() {
      throw new Error("at once");
    },
  }),
  "rejects later": () => WAYS["rejects later"](),
  "returns the wrong type": () => 42,
  "never settles": WAYS["never settles"],
};

/** The mistake that the present test makes: at most one. */
let mistake: { place: string; way: Way } | undefined;

/** Called when the bad handler listens for the end of its call. */
let onListening = () => {};

/** Goes wrong if that is the mistake's place; otherwise does what is right. */
function at<T>(place: string, right: () => T): T {
  return mistake?.place === place ? (WAYS[mistake.way]() as T) : right();
}

type Line = Record<string, unknown> & { msg: string };
const lines: Line[] = [];
let onLine = () => {};

const write = (fields: Record<string, unknown>, msg: string): unknown => {
  if (fields["request_id"] !== "bad") return undefined;
  return at("logger", () => {
    lines.push({ ...fields, msg });
    onLine();
  });
};
const logger = {
  debug: write,
  info: write,
  warn: write,
  error: write,
  child: () => logger,
} as unknown as Logger;

/** The line of the bad call's end, which comes after the client has its answer. */
async function endLine(): Promise<Line> {
  for (;;) {
    const found = lines.find(({ msg }) => msg === "finished call");
    if (found !== undefined) return found;
    // oxlint-disable-next-line no-await-in-loop
    await new Promise<void>((resolve) => (onLine = resolve));
  }
}

const isBad = (context: { metadata: Metadata }) => context.metadata.get("x-bad") === "1";

/** A message type one of whose functions goes wrong for the bad call. */
function coded<T extends { encode: (...args: never[]) => unknown; decode: (...args: never[]) => unknown }>(
  type: T,
  places: { encode?: string; decode?: string },
): T {
  const wrong = (place: string | undefined, of: unknown) =>
    place !== undefined && (of as { text?: string } | undefined)?.text === "bad" && mistake?.place === place;
  return {
    ...type,
    encode: (message: never, ...rest: never[]) =>
      wrong(places.encode, message) ? WAYS[mistake!.way]() : type.encode(message, ...rest),
    decode: (...args: never[]) => {
      const message = type.decode(...args);
      return wrong(places.decode, message) ? WAYS[mistake!.way]() : message;
    },
  };
}

function definition(unary: { request: object; response: object }) {
  const { methods } = EchoServiceDefinition;
  const { echoUnary } = methods;
  const requestType = coded(echoUnary.requestType, unary.request);
  const responseType = coded(echoUnary.responseType, unary.response);
  return {
    ...EchoServiceDefinition,
    methods: { ...methods, echoUnary: { ...echoUnary, requestType, responseType } },
  };
}

/** An iterator whose `next` gives messages without an end. */
const endless = () => ({ next: async () => (await nextTurn(), { done: false, value: { text: "more" } }) });
const iterable = (iterator: object) =>
  ({ [Symbol.asyncIterator]: () => iterator }) as unknown as AsyncIterable<{ text: string; index: number }>;

function startServer() {
  const echo = echoService();
  const server = createServer({
    ...(runtimeName === "nice-grpc" && { runtime: serverNiceGrpc }),
    middleware: [
      requestId(),
      logging({ logger, level: () => at("level", () => "info") }),
      errorBoundary({ logger }),
      auth({ verify: (token, call) => (isBad(call) ? at("verify", () => ({ token })) : { token }) }),
    ],
  });
  server.add(
    definition({ request: { decode: "server's decode" }, response: { encode: "server's encode" } }),
    {
      ...echo,
      echoUnary: async (request, context) => {
        if (!isBad(context) || mistake === undefined) return echo.echoUnary(request, context);
        const { place, way } = mistake;
        if (place === "metadata value") context.trailer.set("x-value", VALUES[way]() as string);
        if (place === "error details") {
          throw Object.assign(notFound({ resource: "thing", id: "1" }), { details: VALUES[way]() });
        }
        if (place === "log fields") context.addLogFields(VALUES[way]() as Record<string, unknown>);
        if (place === "abort listener") {
          const listener: () => unknown = WAYS[way];
          context.signal.addEventListener("abort", listener);
          onListening();
          await new Promise(() => {});
        }
        return at("handler", () => echo.echoUnary(request, context));
      },
      echoServerStream: (request, context) => {
        if (!isBad(context) || mistake === undefined) return echo.echoServerStream(request, context);
        const { place, way } = mistake;
        if (place === "iterator's next") return iterable({ next: WAYS[way] });
        if (place === "iterator's return") return iterable({ ...endless(), return: WAYS[way] });
        if (place === "iterator") return { [Symbol.asyncIterator]: WAYS[way] } as never;
        if (place === "message") {
          return iterable({ next: async () => ({ done: false, value: VALUES[way]() }) });
        }
        return at("stream handler", () => echo.echoServerStream(request, context));
      },
    },
  );
  return server;
}

const server = startServer();
let client: ReturnType<typeof open>;
function open(port: number) {
  return createClient(
    definition({ request: { encode: "client's encode" }, response: { decode: "client's decode" } }),
    {
      ...(runtimeName === "nice-grpc" && { runtime: clientNiceGrpc }),
      address: `127.0.0.1:${port}`,
      retry: false,
      token: () => at("token", () => "good"),
    },
  );
}

const unary = (options: ClientCallOptions) => client.echoUnary({ text: "bad" }, options);
async function stream(options: ClientCallOptions): Promise<void> {
  let left = 10;
  for await (const _ of client.echoServerStream({ text: "bad", count: 3 }, options)) if (--left === 0) break;
}
const upload = (source: unknown) => (options: ClientCallOptions) =>
  client.echoClientStream(source as AsyncIterable<object>, options);
const wrong = () => WAYS[mistake!.way]() as never;

/** A place, how the call is made that meets the mistake there, and the code that it ends with if the place throws. */
type Row = [place: string, code: Status, call: (options: ClientCallOptions) => Promise<unknown>];

const onServer: Row[] = [
  ["handler", Status.INTERNAL, unary],
  ["verify", Status.INTERNAL, unary],
  ["server's decode", Status.INTERNAL, unary],
  ["server's encode", Status.INTERNAL, unary],
  ["stream handler", Status.INTERNAL, stream],
  ["iterator", Status.INTERNAL, stream],
  ["iterator's next", Status.INTERNAL, stream],
  ["iterator's return", Status.OK, stream],
  ["metadata value", Status.INTERNAL, unary],
  ["error details", Status.NOT_FOUND, unary],
  [
    "abort listener",
    Status.CANCELLED,
    (options) => {
      const controller = new AbortController();
      onListening = () => controller.abort();
      return unary({ ...options, signal: controller.signal });
    },
  ],
  ["level", Status.OK, unary],
  ["log fields", Status.OK, unary],
  ["logger", Status.OK, unary],
];
const onClient: Row[] = [
  ["client's encode", Status.INTERNAL, unary],
  ["client's decode", Status.INTERNAL, unary],
  ["token", Status.UNAUTHENTICATED, unary],
  ["onHeader", Status.UNKNOWN, (options) => unary({ ...options, onHeader: wrong })],
  ["onTrailer", Status.UNKNOWN, (options) => unary({ ...options, onTrailer: wrong })],
  ["onHeader of a stream", Status.UNKNOWN, (options) => stream({ ...options, onHeader: wrong })],
  ["onTrailer of a stream", Status.UNKNOWN, (options) => stream({ ...options, onTrailer: wrong })],
  ["source", Status.CANCELLED, (options) => upload({ [Symbol.asyncIterator]: wrong })(options)],
  ["source's next", Status.CANCELLED, (options) => upload(iterable({ next: wrong }))(options)],
  [
    "source's return",
    Status.OK,
    async (options) => {
      for await (const _ of client.echoBidiStream(iterable({ ...endless(), return: wrong }), options)) break;
    },
  ],
];

/** A call beside the others, which must notice nothing. */
let ask: (text: string) => Promise<string | undefined>;

beforeAll(async () => {
  client = open(await server.listen("127.0.0.1:0"));
  const texts = new EventEmitter();
  const asked = on(texts, "text");
  const requests = (async function* () {
    for await (const [text] of asked) yield { text: text as string };
  })();
  const answers = client.echoBidiStream(requests, { requestId: "good" })[Symbol.asyncIterator]();
  ask = async (text) => {
    texts.emit("text", text);
    return (await answers.next()).value?.text;
  };
  expect(await ask("first")).toBe("first");
});

afterAll(() => {
  client.close();
  server.forceShutdown();
});

beforeEach(() => {
  mistake = undefined;
  lines.length = 0;
});

/** Makes the bad call, while the good one goes on; returns the code that it ends with. */
async function outcomeOf(call: Row[2]): Promise<Status> {
  // For those that never end; long enough for the others, on a busy machine too.
  const options = { metadata: Metadata({ "x-bad": "1" }), requestId: "bad", timeoutMs: 1000 };
  const calling = call(options).then(
    () => Status.OK,
    (error: unknown) => {
      // The reason of its caller's signal.
      if ((error as Error).name === "AbortError") return Status.CANCELLED;
      expect(error).toBeInstanceOf(CallError);
      expect(error).toMatchObject({ requestId: "bad" });
      // It can be sent on, whatever is in it.
      expect(() => JSON.stringify(error)).not.toThrow();
      return (error as CallError).code;
    },
  );
  expect(await ask("meanwhile")).toBe("meanwhile");
  const code = await calling;
  expect(await ask("after")).toBe("after");
  return code;
}

const throwing = (way: Way) => way.startsWith("throws");

describe.each(onServer)("a server's %s that", (place, expected, call) => {
  test.each(ways)("%s is the failure of its call alone, and the log says so", async (way) => {
    mistake = { place, way };
    const code = await outcomeOf(call);
    // Values do not throw, but for the one that is read.
    const throws = place === "log fields" || place === "error details" ? true : throwing(way);
    if (throws) expect(Status[code]).toBe(Status[expected]);
    if (place === "logger") return;
    const line = await endLine();
    // A reader that leaves has what it wants: to the server it has cancelled.
    const isLeft = place === "iterator's return";
    // A client whose time is up cancels, too: on a busy machine before the server's time is up, which began later.
    const ends = isLeft
      ? [Status.CANCELLED]
      : code === Status.DEADLINE_EXCEEDED
        ? [code, Status.CANCELLED]
        : [code];
    expect(ends.map((each) => Status[each])).toContain(line["grpc.code"]);
    if (!throwing(way) || place === "level" || place === "log fields") return;
    const cause = lines.find(({ err }) => err !== undefined);
    expect(cause).toMatchObject({
      request_id: "bad",
      "grpc.service": EchoServiceDefinition.fullName,
      "grpc.method": call === stream ? "EchoServerStream" : "EchoUnary",
    });
  });
});

describe.each(onClient)("a client's %s that", (place, expected, call) => {
  test.each(ways)("%s is the failure of its call alone", async (way) => {
    mistake = { place, way };
    const code = await outcomeOf(call);
    if (throwing(way)) expect(Status[code]).toBe(Status[expected]);
    if (way === "never settles") {
      expect([Status.OK, expected, Status.DEADLINE_EXCEEDED]).toContain(code);
    }
  });
});
