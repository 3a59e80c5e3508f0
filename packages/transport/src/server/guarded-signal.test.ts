/* oxlint-disable unicorn/prefer-add-event-listener -- that is one way of applications */
import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { guardListeners } from "./guarded-signal.js";

function make() {
  const faults: unknown[] = [];
  const controller = new AbortController();
  guardListeners(controller.signal, { onFault: (error) => faults.push(error) });
  return { controller, signal: controller.signal, faults };
}

describe("a guarded signal", () => {
  test("reports what its listeners throw and reject with, and calls the others", async () => {
    const { controller, signal, faults } = make();
    const bare: unknown = Object.create(null);
    const called: string[] = [];
    signal.addEventListener("abort", () => {
      throw undefined;
    });
    signal.addEventListener("abort", () => {
      throw bare;
    });
    const later: () => unknown = async () => {
      await nextTurn();
      throw new Error("later");
    };
    signal.addEventListener("abort", later);
    signal.addEventListener("abort", {
      handleEvent() {
        throw new Error("object");
      },
    });
    signal.onabort = () => {
      throw new Error("onabort");
    };
    signal.addEventListener("abort", () => void called.push("last"));
    controller.abort();
    expect(called).toEqual(["last"]);
    await nextTurn();
    await nextTurn();
    expect(faults).toEqual([undefined, bare, new Error("object"), new Error("onabort"), new Error("later")]);
  });

  test("is an AbortSignal like any other", async () => {
    const { controller, signal } = make();
    const called: unknown[] = [];
    const listener = function (this: unknown, { type }: Event) {
      called.push(type, this);
    };
    signal.addEventListener("abort", listener);
    signal.addEventListener("abort", listener);
    const removed = () => called.push("removed");
    signal.addEventListener("abort", removed);
    signal.removeEventListener("abort", removed);
    const seldom = () => called.push("onabort");
    signal.onabort = seldom;
    signal.onabort = null;
    expect(signal).toBeInstanceOf(AbortSignal);
    const any = AbortSignal.any([signal]);
    const event = once(signal, "abort");
    controller.abort(new Error("why"));
    await event;
    expect(called).toEqual(["abort", signal]);
    expect([signal.aborted, any.aborted, any.reason]).toEqual([true, true, new Error("why")]);
    expect(() => signal.throwIfAborted()).toThrow("why");
    await expect(fetch("http://127.0.0.1:1/", { signal })).rejects.toThrow("why");
  });
});
