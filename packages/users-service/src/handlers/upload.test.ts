import { describe, expect, test } from "@jest/globals";
import { CreateUserRequest } from "@callwire/contracts/users";
import { EmailTaken, InvalidFields } from "../domain/errors.js";
import type { CreateResult } from "../domain/directory.js";
import type { User } from "../domain/user.js";
import { MAX_UPLOAD_ERRORS, uploadRows, UploadTally } from "./upload.js";

describe("uploadRows", () => {
  const row = (number: number): CreateUserRequest => CreateUserRequest.fromPartial({ name: String(number) });
  const created = (rows: readonly unknown[]): CreateResult[] => rows.map(() => ({ user: {} as User }));

  /** Yields rows; notes in `read` how many were asked for, and in `ended` that it was let go. */
  function source(count: number) {
    const state = { read: 0, ended: false };
    async function* rows() {
      try {
        while (state.read < count) yield row(++state.read);
      } finally {
        state.ended = true;
      }
    }
    return { rows: rows(), state };
  }

  test.each([
    [0, []],
    [2, [2]],
    [200, [200]],
    [450, [200, 200, 50]],
  ])("commits %i rows in batches of at most 200, in their order", async (count, expected) => {
    const batches: string[][] = [];
    const summary = await uploadRows(source(count).rows, async (rows) => {
      batches.push(rows.map(({ name }) => name));
      return created(rows);
    });
    expect(batches.map(({ length }) => length)).toEqual(expected);
    expect(batches.flat()).toEqual(Array.from({ length: count }, (_, index) => String(index + 1)));
    expect(summary).toEqual({ created: count, failed: 0, errors: [] });
  });

  test("reads one batch ahead of the one that is committed, and no further", async () => {
    const { rows, state } = source(1000);
    const commits: (() => void)[] = [];
    const begun = (): Promise<void> => new Promise((resolve) => commitBegun.push(resolve));
    const commitBegun: (() => void)[] = [];
    const readBy: number[] = [];
    const upload = uploadRows(rows, (batch) => {
      readBy.push(state.read);
      commitBegun.shift()?.();
      return new Promise((resolve) => commits.push(() => resolve(created(batch))));
    });
    for (let commit = 0; commit < 5; commit++) {
      if (commits.length === 0) await begun();
      // The rows need no more than microtasks, which all have run by then.
      await new Promise(setImmediate);
      expect(state.read).toBe(Math.min(1000, (commit + 2) * 200));
      commits.shift()?.();
    }
    expect((await upload).created).toBe(1000);
    expect(readBy).toEqual([200, 400, 600, 800, 1000]);
  });

  test("takes what is there at once, if the rows say so", async () => {
    let given = 0;
    const rows = {
      [Symbol.asyncIterator]: () => rows,
      nextNow: () => (given % 2 === 0 && given < 6 ? { done: false, value: row(++given) } : undefined),
      next: async () => (given < 6 ? { done: false, value: row(++given) } : { done: true, value: undefined }),
    } as AsyncIterableIterator<CreateUserRequest>;
    const names: string[] = [];
    await uploadRows(rows, async (batch) => {
      names.push(...batch.map(({ name }) => name));
      return created(batch);
    });
    expect(names).toEqual(["1", "2", "3", "4", "5", "6"]);
  });

  test("lets go of the rows when a commit fails, and fails as it did", async () => {
    const { rows, state } = source(1000);
    const upload = uploadRows(rows, async () => {
      throw new Error("the disk is full");
    });
    await expect(upload).rejects.toThrow("the disk is full");
    expect(state).toEqual({ read: 400, ended: true });
  });

  test("fails as the rows do, and commits no batch that is not complete", async () => {
    async function* broken() {
      yield row(1);
      throw new Error("the connection is lost");
    }
    const commits: unknown[] = [];
    const upload = uploadRows(broken(), async (rows) => {
      commits.push(rows);
      return created(rows);
    });
    await expect(upload).rejects.toThrow("the connection is lost");
    expect(commits).toEqual([]);
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
    expect(MAX_UPLOAD_ERRORS).toBe(1000);
    expect(errors).toHaveLength(1000);
    expect(errors.at(0)).toEqual({ index: 0, field: "name", reason: "is bad" });
    expect(errors.at(-1)).toEqual({ index: 500, field: "email", reason: "is bad" });
  });
});
