// What stands in for Node.js's parts in a browser does the same.
import { getEventListeners } from "node:events";
import { describe, expect, jest, test } from "@jest/globals";
import * as common from "nice-grpc-common";
import * as abort from "../internal/abort.js";
import * as webAbort from "../internal/abort.web.js";
import { randomUuid } from "../internal/random-uuid.web.js";
import { reportBug } from "../internal/report-bug.web.js";
import * as own from "./nice-grpc-common.js";

test("the status codes", () => {
  expect(own.Status).toEqual(common.Status);
});

test("an error is one of nice-grpc's too", () => {
  const error = new own.ClientError("/a.B/C", own.Status.NOT_FOUND, "no such thing");
  const theirs = new common.ClientError("/a.B/C", common.Status.NOT_FOUND, "no such thing");
  expect(error).toBeInstanceOf(common.ClientError);
  expect(theirs).toBeInstanceOf(own.ClientError);
  expect(String(error)).toBe(String(theirs));
  for (const other of [null, undefined, 1, new Error("no")])
    expect(other).not.toBeInstanceOf(own.ClientError);
});

describe.each([
  ["own", own.Metadata],
  ["nice-grpc's", common.Metadata],
])("metadata: %s", (_, Metadata) => {
  const bytes = Uint8Array.of(1);

  test("takes and gives", () => {
    const metadata = new Metadata({ "X-A": ["1", "2"], "b-bin": [bytes, bytes] });
    metadata.append("x-a", "3").set("c", "4").append("b-BIN", bytes);
    expect(metadata.get("x-a")).toBe("1, 2, 3");
    expect(metadata.getAll("x-A")).toEqual(["1, 2, 3"]);
    expect(metadata.getAll("b-bin")).toEqual([bytes, bytes, bytes]);
    expect([metadata.has("C"), metadata.has("d"), metadata.get("d"), metadata.getAll("d")]).toEqual([
      true,
      false,
      undefined,
      [],
    ]);
    metadata.delete("C");
    metadata.set("x-a", []);
    expect([...Metadata(metadata)]).toEqual([["b-bin", [bytes, bytes, bytes]]]);
    expect([...Metadata([["e", "5"]])]).toEqual([["e", ["5"]]]);
    expect([...Metadata()]).toEqual([]);
  });

  test.each<[string, string | Uint8Array]>([
    ["a b", "1"],
    ["", "1"],
    ["a-bin", "1"],
    ["a", bytes],
    ["a", "ü"],
    ["a", "1\n2"],
  ])("refuses %j: %j", (name, value) => {
    expect(() => Metadata().set(name, value as never)).toThrow(/^Metadata (key|value)/);
  });
});

test("metadata of ours takes many values of one name, each in as little time", () => {
  const metadata = own.Metadata();
  for (let at = 0; at < 300_000; at++) metadata.append("a", "b").append("c-bin", Uint8Array.of());
  expect(metadata.get("a")).toHaveLength(3 * 300_000 - 2);
  expect(metadata.getAll("c-bin")).toHaveLength(300_000);
});

test("random UUIDs of version 4", () => {
  const uuids = Array.from({ length: 100 }, randomUuid);
  expect(new Set(uuids).size).toBe(100);
  for (const uuid of uuids)
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("what follows a signal", () => {
  const [one, other] = [abort, webAbort].map(({ onAbort }) => {
    const called: string[] = [];
    const controller = new AbortController();
    const { signal } = controller;
    const undo: (() => void)[] = [];
    onAbort(signal, () => {
      called.push("a");
      undo[1]!();
    });
    undo.push(onAbort(signal, () => called.push("b")));
    undo.push(onAbort(signal, () => called.push("c")));
    undo[0]!();
    controller.abort();
    controller.abort();
    onAbort(signal, () => called.push("late"))();
    return called;
  });
  expect(other).toEqual(one);
  expect(one).toEqual(["a", "late"]);
  expect(String(webAbort.abortError())).toBe(String(abort.abortError()));
});

test("many calls of one signal have one listener", () => {
  const { signal } = new AbortController();
  for (let call = 0; call < 20; call++) webAbort.onAbort(signal, () => {})();
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
});

test("what is thrown where nothing may throw is a warning", () => {
  using warn = jest.spyOn(console, "warn").mockImplementation(() => {});
  const bug = new Error("a bug");
  reportBug(bug);
  expect(warn).toHaveBeenCalledWith(bug);
});
