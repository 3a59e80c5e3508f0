import { once } from "node:events";
import { request } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { fakeClock } from "@callwire/transport/testing";
import { createLogger, errorBoundary, unavailable, type AnyMiddleware } from "@callwire/server-kit";
import { Status } from "nice-grpc-common";
import { send, serveEdge, violationsOf, type Answer, type Behind } from "../testing/serve-edge.js";

const bothWays: Behind[] = ["server", "channel"];
const ndjson = { "content-type": "application/x-ndjson" };
const events = { accept: "text/event-stream" };
const quiet = createLogger({ level: "silent" });

const linesOf = ({ text }: Answer) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);

/** Waits, a turn of the event loop at a time, until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

describe.each(bothWays)("before a %s, a stream of responses", (behind) => {
  test("is a line for each message", async () => {
    await using served = await serveEdge({ behind });
    const answer = await send(`${served.url}/v1/numbers?count=3`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/x-ndjson"]);
    expect(answer.text).toBe(
      '{"number":1,"resumeToken":"1"}\n{"number":2,"resumeToken":"2"}\n{"number":3,"resumeToken":"3"}\n',
    );
    expect(
      (await send(`${served.url}/v1/numbers?count=0&resume_token=x`, { headers: { "grpc-timeout": "1n" } }))
        .status,
    ).toBe(504);
  });

  test("ends with the error, if one comes after the first message", async () => {
    await using served = await serveEdge({ behind });
    const answer = await send(`${served.url}/v1/numbers?count=1&fail_code=8`);
    expect(answer.status).toBe(200);
    expect(linesOf(answer)).toEqual([
      { number: 1, resumeToken: "1" },
      { error: { code: 429, message: "failed with 8", status: "RESOURCE_EXHAUSTED" } },
    ]);
  });

  test("has the error's own status, if it comes before", async () => {
    await using served = await serveEdge({ behind });
    const answer = await send(`${served.url}/v1/numbers?count=-1&fail_code=11`);
    expect([answer.status, answer.json]).toMatchObject([400, { error: { status: "OUT_OF_RANGE" } }]);
  });

  test("is Server-Sent Events, by Accept, and goes on after the last one", async () => {
    await using served = await serveEdge({ behind });
    const first = await send(`${served.url}/v1/numbers?count=1`, { headers: events });
    expect(first.headers.get("content-type")).toBe("text/event-stream");
    expect(first.headers.get("cache-control")).toBe("no-store");
    expect(first.text).toBe('id: 1\ndata: {"number":1,"resumeToken":"1"}\n\nevent: end\ndata: {}\n\n');
    // What the URL says of the position is older.
    const next = await send(`${served.url}/v1/numbers?count=1&resume_token=0`, {
      headers: { ...events, "last-event-id": "41" },
    });
    expect(next.text).toMatch(/^id: 42\ndata: \{"number":42,/);
    const failed = await send(`${served.url}/v1/numbers?count=1&fail_code=5`, { headers: events });
    expect(failed.text).toMatch(/event: error\ndata: \{"error":\{"code":404,.*"status":"NOT_FOUND"\}\}\n\n$/);
  });

  test.each([
    ["text/event-stream;q=0, */*", "application/x-ndjson"],
    ["text/event-stream;q=0.1, application/json", "application/x-ndjson"],
    ["application/jsonl, text/event-stream;q=0.9", "application/x-ndjson"],
    ["text/event-stream;q=0.5, application/*", "application/x-ndjson"],
    ["application/json, text/event-stream", "text/event-stream"],
    ["*/*;q=0.1, Text/Event-Stream;q=0.2", "text/event-stream"],
    ["text/event-stream;charset=utf-8, application/json;q=0.5, */*;q=0.9", "text/event-stream"],
  ])("has the form that a client wants most: accept: %s", async (accept, type) => {
    await using served = await serveEdge({ behind });
    const answer = await send(`${served.url}/v1/numbers?count=1`, { headers: { accept } });
    expect(answer.headers.get("content-type")).toBe(type);
  });

  test("says when to come back, if the error does", async () => {
    const stops: AnyMiddleware = {
      name: "stops",
      response(message) {
        if ((message as { number: number }).number === 2) throw unavailable({ retryAfterMs: 3000 });
        return message;
      },
    };
    await using served = await serveEdge({ behind, middleware: [errorBoundary({ logger: quiet }), stops] });
    const answer = await send(`${served.url}/v1/numbers`, { headers: events });
    expect(answer.text).toMatch(/\n\nretry: 3000\nevent: error\ndata: \{"error":\{"code":503,/);
  });

  test("ends the call when the client goes", async () => {
    await using served = await serveEdge({ behind });
    const client = new AbortController();
    const response = await fetch(`${served.url}/v1/numbers?padding=1000`, { signal: client.signal });
    await response.body!.getReader().read();
    client.abort();
    await until(() => served.seen.ended === 1);
  });

  test("waits for a client that does not read", async () => {
    await using served = await serveEdge({ behind });
    const sent = request(`${served.url}/v1/numbers?padding=100000`).end();
    const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
    // The same number of messages over many turns: nothing more is made.
    let made = -1;
    for (let still = 0; still < 200;) {
      await turn();
      still = made === served.seen.made ? still + 1 : 0;
      ({ made } = served.seen);
    }
    const waiting = served.seen.made;
    // All buffers on the way, of the system too, hold some megabytes.
    expect(waiting).toBeLessThan(400);
    response.resume();
    await until(() => served.seen.made > waiting);
    response.destroy();
    await until(() => served.seen.ended === 1);
  });
});

describe.each(bothWays)("before a %s, a stream of requests", (behind) => {
  test("is a line for each message, with the path's values in each", async () => {
    await using served = await serveEdge({ behind });
    const body = '\ufeff{"number":1}\r\n\n  \n{"number":2,"label":"x"}\n{"number":3}';
    const answer = await send(`${served.url}/v1/sums/a%20b`, { method: "POST", body, headers: ndjson });
    expect([answer.status, answer.json]).toEqual([200, { sum: 6, count: 3, labels: ["a b", "a b", "a b"] }]);
    const none = await send(`${served.url}/v1/sums/a`, { method: "POST", body: "", headers: ndjson });
    expect([none.status, none.json]).toEqual([200, {}]);
    // A file that was saved with a byte order mark, and nothing else in it or in its first line.
    for (const [marked, sum] of [
      ["\ufeff", {}],
      ['\ufeff\n{"number":1}', { sum: 1, count: 1, labels: ["a"] }],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop
      const saved = await send(`${served.url}/v1/sums/a`, { method: "POST", body: marked, headers: ndjson });
      expect([saved.status, saved.json]).toEqual([200, sum]);
    }
  });

  test("comes in pieces of any size", async () => {
    await using served = await serveEdge({ behind });
    const bytes = Buffer.from(Array.from({ length: 50 }, (_, number) => `{"number":${number}}\n`).join(""));
    const post = request(`${served.url}/v1/sums/a`, { method: "POST", headers: ndjson });
    for (const byte of bytes) post.write(Buffer.of(byte));
    post.end();
    const [response] = (await once(post, "response")) as [import("node:http").IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({ sum: 1225, count: 50 });
  });

  test("is refused at a line that is wrong, by its place", async () => {
    await using served = await serveEdge({ behind });
    const body = '{"number":1}\n{"number":"x","nope":1}\n{"number":3}\n';
    const answer = await send(`${served.url}/v1/sums/a`, { method: "POST", body, headers: ndjson });
    expect(answer.status).toBe(400);
    expect(violationsOf(answer)).toEqual({
      "[1].number": 'not an int32: "x"',
      "[1].nope": "no field of the message; it has number, label",
    });
    const malformed = await send(`${served.url}/v1/sums/a`, {
      method: "POST",
      body: "{}\n{",
      headers: ndjson,
    });
    expect(violationsOf(malformed)).toEqual({
      "[1]": "malformed JSON at byte 1: a key is expected, not the end",
    });
  });

  test("must say that it is one, and keep to the limits of a line", async () => {
    await using served = await serveEdge({ behind, options: { limits: { maxBodyBytes: 20 } } });
    const json = await send(`${served.url}/v1/sums/a`, { method: "POST", json: {} });
    expect([json.status, json.headers.get("accept")]).toEqual([415, "application/x-ndjson"]);
    const body = `{"number":1}\n{"number":${" ".repeat(20)}1}\n`;
    const long = await send(`${served.url}/v1/sums/a`, { method: "POST", body, headers: ndjson });
    expect([long.status, long.json]).toMatchObject([413, { error: { status: "RESOURCE_EXHAUSTED" } }]);
    const many = await send(`${served.url}/v1/sums/a`, {
      method: "POST",
      body: '{"number":1}\n'.repeat(50),
      headers: ndjson,
    });
    expect(many.json).toMatchObject({ sum: 50 });
  });

  test("and one of responses answer each other at once", async () => {
    await using served = await serveEdge({ behind });
    const post = request(`${served.url}/v1/talk`, { method: "POST", headers: ndjson });
    post.write('{"text":"a"}\n');
    const [response] = (await once(post, "response")) as [import("node:http").IncomingMessage];
    const chunks = response.setEncoding("utf8")[Symbol.asyncIterator]();
    expect(await chunks.next()).toEqual({ done: false, value: '{"text":"a!"}\n' });
    post.end('{"text":"b"}\n');
    expect(await chunks.next()).toEqual({ done: false, value: '{"text":"b!"}\n' });
    expect(await chunks.next()).toMatchObject({ done: true });
  });
});

/** Asks for a stream of events from a method that says nothing by itself; `said` is all that has come. */
async function silentEvents(url: string) {
  const sent = request(`${url}/v1/talk`, { method: "POST", headers: { ...ndjson, ...events } });
  sent.on("error", () => {});
  sent.write('{"text":"a"}\n');
  const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
  let said = "";
  response.setEncoding("utf8").on("data", (text: string) => (said += text));
  await until(() => said !== "");
  return { sent, response, said: () => said };
}

describe.each(bothWays)("before a %s, a silent stream of events", (behind) => {
  test("has a comment after each interval, and none beside messages or after its end", async () => {
    using clock = fakeClock();
    await using served = await serveEdge({ behind });
    const stream = await silentEvents(served.url);
    const message = 'data: {"text":"a!"}\n\n';
    expect(stream.said()).toBe(message);
    await clock.advance(15_000);
    await clock.advance(15_000);
    await until(() => stream.said() === `${message}:\n\n`);
    await clock.advance(15_000);
    await until(() => stream.said() === `${message}:\n\n:\n\n`);
    stream.sent.write('{"text":"a"}\n');
    await until(() => stream.said() === `${message}:\n\n:\n\n${message}`);
    await clock.advance(15_000);
    stream.sent.end();
    await once(stream.response, "end");
    expect(stream.said()).toBe(`${message}:\n\n:\n\n${message}event: end\ndata: {}\n\n`);
    await clock.advance(60_000);
  });

  test("has its head after that time, if no message has come", async () => {
    using clock = fakeClock();
    let begun = false;
    const noted: AnyMiddleware = { name: "noted", arrived: () => void (begun = true) };
    await using served = await serveEdge({
      behind,
      middleware: [noted],
      options: { limits: { commentIntervalMs: 1000 } },
    });
    const sent = request(`${served.url}/v1/talk`, { method: "POST", headers: { ...ndjson, ...events } });
    sent.on("error", () => {});
    sent.flushHeaders();
    const answered = once(sent, "response") as Promise<[import("node:http").IncomingMessage]>;
    await until(() => begun);
    await clock.advance(1000);
    const [response] = await answered;
    expect(response.headers["content-type"]).toBe("text/event-stream");
    const [comment] = (await once(response, "data")) as [Buffer];
    expect(comment.toString()).toBe(":\n\n");
    response.destroy();
  });
});

test("a silent stream of lines has no comment", async () => {
  using clock = fakeClock();
  await using served = await serveEdge();
  const sent = request(`${served.url}/v1/talk`, { method: "POST", headers: ndjson });
  sent.write('{"text":"a"}\n');
  const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
  let said = "";
  response.setEncoding("utf8").on("data", (text: string) => (said += text));
  await until(() => said !== "");
  await clock.advance(60_000);
  sent.end();
  await once(response, "end");
  expect(said).toBe('{"text":"a!"}\n');
});

describe("fetch", () => {
  test("streams, waits for its reader, and ends the call when the reader goes", async () => {
    await using served = await serveEdge();
    const response = await served.edge.fetch(new Request("http://x/v1/numbers?padding=1000"));
    const reader = response.body!.getReader();
    const { value } = await reader.read();
    expect(Buffer.from(value ?? []).toString()).toMatch(/^\{"number":1,/);
    let made = -1;
    for (let still = 0; still < 50;) {
      await turn();
      still = made === served.seen.made ? still + 1 : 0;
      ({ made } = served.seen);
    }
    expect(served.seen.made).toBeLessThan(10);
    await reader.cancel();
    await until(() => served.seen.ended === 1);
  });

  test("reads a stream of requests", async () => {
    await using served = await serveEdge();
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const text of ['{"num', 'ber":1}\n{"number":2}']) controller.enqueue(Buffer.from(text));
        controller.close();
      },
    });
    const init = { method: "POST", body, headers: ndjson, duplex: "half" } as RequestInit;
    const response = await served.edge.fetch(new Request("http://x/v1/sums/a", init));
    expect(await response.json()).toMatchObject({ sum: 3, count: 2 });
  });

  test("ends the call when its request is aborted", async () => {
    const codes: Status[] = [];
    const note: AnyMiddleware = { name: "note", ended: (_call, code) => void codes.push(code) };
    await using served = await serveEdge({ middleware: [note] });
    const client = new AbortController();
    const request = new Request("http://x/v1/numbers?padding=10000", { signal: client.signal });
    const reader = (await served.edge.fetch(request)).body!.getReader();
    await reader.read();
    client.abort();
    await until(() => served.seen.ended === 1);
    expect(codes).toEqual([Status.CANCELLED]);
    // Nobody who reads on waits. It hangs otherwise.
    while (!(await reader.read()).done);
  });
});
