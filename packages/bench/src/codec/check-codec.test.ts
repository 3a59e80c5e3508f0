import { expect, test } from "@jest/globals";
import { checkCodec } from "./check-codec.js";
import { codecNames, jsonNames, rowNames } from "./codec.js";
import { plainForm } from "./plain-form.js";
import { messagesOf } from "./rows.js";

const names = [...codecNames, ...jsonNames];

test.each(names)("%s reads what it and another one wrote, of every row", async (name) => {
  for (const row of rowNames) await checkCodec(name, row);
});

test.each(rowNames)("the messages of %s are the same in each run, and differ from one another", (row) => {
  const messages = messagesOf(row).map((message) => JSON.stringify(plainForm(message)));
  expect(messagesOf(row).map((message) => JSON.stringify(plainForm(message)))).toEqual(messages);
  expect(new Set(messages).size).toBe(messages.length);
});

test("a text has a MiB in UTF-8", () => {
  for (const row of ["text", "text-utf8"] as const) {
    for (const message of messagesOf(row) as { content: string }[]) {
      const size = Buffer.byteLength(message.content);
      expect(size).toBeGreaterThanOrEqual(1024 * 1024);
      expect(size).toBeLessThan(1024 * 1024 + 200);
    }
  }
});

test("the form that messages are compared in sees a difference", () => {
  expect(plainForm({ a: 1n, b: new Map([["x", 2]]), c: undefined })).toEqual({ a: 1, b: { x: 2 } });
  expect(plainForm({ payment: { $case: "card", value: { holder: "A" } } })).toEqual({
    card: { holder: "A" },
  });
  expect(plainForm({ created_at: { seconds: 1, nanos: 5e6 } })).toEqual({
    createdAt: plainForm(new Date(1005)),
  });
  expect(plainForm({ a: 1 })).not.toEqual(plainForm({ a: 2 }));
});
