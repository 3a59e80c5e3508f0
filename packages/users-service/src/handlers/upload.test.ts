import { describe, expect, test } from "@jest/globals";
import { EmailTaken, InvalidFields } from "../domain/errors.js";
import type { CreateResult } from "../domain/directory.js";
import type { User } from "../domain/user.js";
import { inBatches, maxUploadErrors, UploadTally } from "./upload.js";

describe("inBatches", () => {
  /** Yields 1, 2, …; notes in `read` what was asked for, and in `ended` that it was let go. */
  function source(count: number) {
    const state = { read: 0, ended: false };
    async function* rows() {
      try {
        while (state.read < count) yield ++state.read;
      } finally {
        state.ended = true;
      }
    }
    return { rows: rows(), state };
  }

  async function all<T>(batches: AsyncIterable<T>): Promise<T[]> {
    const list: T[] = [];
    for await (const batch of batches) list.push(batch);
    return list;
  }

  test.each([
    [0, []],
    [2, [[1, 2]]],
    [3, [[1, 2, 3]]],
    [7, [[1, 2, 3], [4, 5, 6], [7]]],
  ])("cuts %i rows into batches of at most 3", async (count, expected) => {
    expect(await all(inBatches(source(count).rows, 3))).toEqual(expected);
  });

  test("reads on only when a batch has been taken care of", async () => {
    const { rows, state } = source(10);
    const batches = inBatches(rows, 3);
    await batches.next();
    expect(state.read).toBe(3);
    await batches.next();
    expect(state.read).toBe(6);
  });

  test("lets go of the rows when nobody wants more", async () => {
    const { rows, state } = source(10);
    for await (const _ of inBatches(rows, 3)) break;
    expect(state.ended).toBe(true);
  });

  test("fails as the rows do, and gives no batch that is not complete", async () => {
    async function* broken() {
      yield 1;
      throw new Error("the connection is lost");
    }
    await expect(all(inBatches(broken(), 3))).rejects.toThrow("the connection is lost");
  });
});

describe("UploadTally", () => {
  const created: CreateResult = { user: {} as User };
  const refused = (...fields: string[]): CreateResult => ({
    error: new InvalidFields(fields.map((field) => ({ field, reason: `is bad` }))),
  });

  test("of no rows is nothing", () => {
    expect(new UploadTally().summary()).toEqual({ created: 0, failed: 0, errors: [] });
  });

  test("counts rows over all batches, from 0, and names each bad field", () => {
    const tally = new UploadTally();
    tally.add([created, refused("name", "age")]);
    tally.add([{ error: new EmailTaken("a@b") }, created, refused("email")]);
    expect(tally.summary()).toEqual({
      created: 2,
      failed: 3,
      errors: [
        { index: 1, field: "name", reason: "is bad" },
        { index: 1, field: "age", reason: "is bad" },
        { index: 2, field: "email", reason: 'The email "a@b" is taken' },
        { index: 4, field: "email", reason: "is bad" },
      ],
    });
  });

  test("lists no more than the first 1000 problems, and counts on", () => {
    const tally = new UploadTally();
    tally.add([refused("name")]);
    tally.add(Array.from({ length: 700 }, () => refused("email", "age")));
    tally.add([created]);
    const { created: createdCount, failed, errors } = tally.summary();
    expect({ createdCount, failed }).toEqual({ createdCount: 1, failed: 701 });
    expect(maxUploadErrors).toBe(1000);
    expect(errors).toHaveLength(1000);
    expect(errors.at(0)).toEqual({ index: 0, field: "name", reason: "is bad" });
    expect(errors.at(-1)).toEqual({ index: 500, field: "email", reason: "is bad" });
  });
});
