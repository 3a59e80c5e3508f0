import { expect, test } from "@jest/globals";
import { createLogger, secretFields } from "./logger.js";

function capture() {
  const lines: string[] = [];
  const logger = createLogger({ name: "test", destination: { write: (line) => void lines.push(line) } });
  return { logger, last: () => JSON.parse(lines.at(-1) ?? "") as Record<string, unknown>, lines };
}

test("hides every secret field, at each depth, in lists, errors and children", () => {
  const { logger, lines } = capture();
  for (const field of secretFields) {
    const secret = { [field]: "hunter2" };
    logger.info({
      ...secret,
      a: { ...secret, b: { ...secret, c: { ...secret, d: secret } } },
      list: [secret],
    });
    logger.info({ [field.toUpperCase()]: "hunter2" });
    logger.error(Object.assign(new Error("failed"), { config: { headers: secret } }));
    logger.error({ other: Object.assign(new Error("failed"), secret) });
    logger.child(secret).info("from a child");
  }
  expect(lines).toHaveLength(5 * secretFields.length);
  expect(lines.join("")).not.toContain("hunter2");
});

test("leaves everything else as it is, and changes nothing that it was given", () => {
  const { logger, last } = capture();
  const given = { tokens: 3, user: { name: "Ann", password: "hunter2" }, at: new Date(0) };
  logger.info(given, "said");
  expect(last()).toMatchObject({
    level: 30,
    name: "test",
    msg: "said",
    tokens: 3,
    user: { name: "Ann", password: "[redacted]" },
    at: "1970-01-01T00:00:00.000Z",
  });
  expect(given.user.password).toBe("hunter2");
  logger.error({ err: new Error("broken", { cause: new Error("root") }) });
  expect(last()["err"]).toMatchObject({ type: "Error", message: "broken: root", stack: expect.any(String) });
});

test("writes the text of what is an error by its prototype alone", () => {
  const { logger, last } = capture();
  // As the driver of SQLite makes them.
  const ofDriver = Object.create(Error.prototype, { message: { value: "disk I/O error" } }) as Error;
  for (const [err, message] of [
    [ofDriver, "disk I/O error"],
    [new DOMException("it was aborted", "AbortError"), "it was aborted"],
  ] as const) {
    logger.error({ err });
    expect(last()["err"]).toMatchObject({ message });
  }
});
