import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { Metadata } from "nice-grpc-common";
import type { Middleware } from "./middleware.js";
import { startEcho } from "./test-room/echo-server.js";
import { drain } from "./test-room/errors.js";
import { runtimes } from "./test-room/runtimes.js";

describe.each(runtimes)("over %s", (_name, runtime) => {
  /** Enters a store at each call's arrival, and tells what the call's end sees. */
  function start(told: string[] = []) {
    const store = new AsyncLocalStorage<string>();
    const enter: Middleware = {
      name: "enter",
      arrived: ({ metadata }) => store.enterWith(metadata.get("x-name") ?? "nobody"),
      ended: () => void told.push(`ended ${store.getStore()}`),
    };
    const seen = () => store.getStore() ?? "none";
    return startEcho(
      { runtime, middleware: [enter] },
      {
        async echoUnary({ text }) {
          const before = seen();
          // What a handler enters is its own.
          if (text === "enter") store.enterWith("entered");
          await nextTurn();
          return { text: `${before} ${seen()}` };
        },
        async *echoServerStream({ count }) {
          for (let index = 0; index < count; index++) {
            await nextTurn();
            yield { text: seen(), index };
          }
        },
        async echoClientStream(requests) {
          const names: string[] = [];
          for await (const _ of requests) names.push(seen());
          return { text: names.join(), count: names.length };
        },
        async *echoBidiStream(requests) {
          for await (const _ of requests) yield { text: seen() };
        },
      },
    );
  }

  test("a handler of each shape sees the store that its call has entered, and no other's", async () => {
    const told: string[] = [];
    await using echo = await start(told);
    const callAs = async (name: string) => {
      const options = { metadata: Metadata({ "x-name": name }) };
      const requests = async function* () {
        yield {};
        await nextTurn();
        yield {};
      };
      const [unary, stream, upload, bidi] = await Promise.all([
        echo.client.echoUnary({ text: name === "b" ? "enter" : "" }, options),
        drain(echo.client.echoServerStream({ count: 3 }, options)),
        echo.client.echoClientStream(requests(), options),
        drain(echo.client.echoBidiStream(requests(), options)),
      ]);
      expect(unary.text).toBe(name === "b" ? "b entered" : `${name} ${name}`);
      expect(stream.map(({ text }) => text)).toEqual([name, name, name]);
      expect(upload.text).toBe(`${name},${name}`);
      expect(bidi.map(({ text }) => text)).toEqual([name, name]);
    };
    await Promise.all(["a", "b", "c", "d"].map(callAs));
    await echo.server.shutdown();
    // The handler of b's unary call has entered another store; its call's end may see either.
    const own = told.filter((line) => line !== "ended entered");
    expect(new Set(own)).toEqual(new Set(["ended a", "ended b", "ended c", "ended d"]));
    expect(told).toHaveLength(16);
  });
});
