import { EventEmitter } from "node:events";
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { CallError, createUsersClient, Status, type CreateUserRequest } from "@callwire/client-sdk/users";
import Database from "libsql";
import { freeAddress } from "./proxies/free-ports.js";
import { temporaryFolder } from "./temporary-folder.js";
import { startUsersService } from "./users-service-process.js";

const kills = 6;
const rowsOfAnUpload = 1_500;

/** The errors of a killed server's clients. */
const lost = new Set([Status.UNAVAILABLE, Status.CANCELLED, Status.INTERNAL]);

/** What SQLite finds in the files that a kill left, as they are: in a copy, so that the service has to mend them itself. */
function integrityOf(path: string): unknown {
  using folder = temporaryFolder();
  for (const suffix of ["", "-wal"]) {
    if (existsSync(path + suffix)) copyFileSync(path + suffix, join(folder.path, `copy.db${suffix}`));
  }
  const database = new Database(join(folder.path, "copy.db"));
  try {
    return database.prepare("PRAGMA integrity_check").all([]);
  } finally {
    database.close();
  }
}

const intact = [{ integrity_check: "ok" }];
const upTo = (most: number) => 1 + Math.floor(Math.random() * most);

test(`${kills} times kill -9 amid creates, uploads and a watch lose nothing and repeat nothing`, async () => {
  using folder = temporaryFolder();
  const database = join(folder.path, "users.db");
  const address = await freeAddress();
  let service = await startUsersService(["--database", database, "--address", address]);
  await using users = createUsersClient({ address });

  /** Emits "watching", "uploaded", "row", "create": what kills are timed by. */
  const progress = new EventEmitter();
  /** Lets the loops that write come to their end. */
  const stop = new AbortController();
  /** Lets nothing be tried again. */
  const over = new AbortController();
  let fail: (error: unknown) => void = () => {};
  const failure = new Promise<never>((_resolve, reject) => (fail = reject));
  failure.catch(() => {});
  // Before Jest's own limit, after which nothing would be cleaned up.
  const limit = setTimeout(() => fail(new Error("not done after 80 seconds")), 80_000);

  /** Waits for what one of the loops brings about, or throws what it failed with. */
  const or = <T>(promise: Promise<T>) => Promise.race([promise, failure]);
  const times = (event: string, count: number) => {
    let left = count;
    return or(
      new Promise<void>((resolve) => {
        const listener = () => {
          if (--left > 0) return;
          progress.off(event, listener);
          resolve();
        };
        progress.on(event, listener);
      }),
    );
  };
  const run = (loop: () => Promise<void>) => {
    const done = loop();
    done.catch(fail);
    return done;
  };
  /** The same call again and again until it is answered; between two attempts `wait` says when to go on. */
  const untilAnswered = async <T>(call: () => Promise<T>, wait: () => Promise<unknown>): Promise<T> => {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (over.signal.aborted || !(error instanceof CallError) || !lost.has(error.code)) throw error;
        await wait();
      }
    }
  };

  /** The ids of all creates that were acknowledged. */
  const acknowledged: string[] = [];
  const create = async () => {
    while (!stop.signal.aborted) {
      const number = acknowledged.length;
      const email = `created${number}@example.com`;
      const request = { name: "Created", email, requestId: `create-${number}` };
      const { id } = await untilAnswered(
        () => users.createUser(request, { retry: true }),
        async () => {},
      );
      acknowledged.push(id);
      progress.emit("create");
    }
  };

  let uploads = 0;
  let repeatedUploads = 0;
  /** How many of them had rows that the watcher had seen already. */
  let repeatedParts = 0;
  let partOf: string | undefined;
  const upload = async () => {
    while (!stop.signal.aborted) {
      const name = `upload${uploads}`;
      function* rows(): Generator<Partial<CreateUserRequest>> {
        for (let row = 0; row < rowsOfAnUpload; row++) {
          progress.emit("row");
          yield { name, email: `${name}-${row}@example.com`, requestId: `${name}-${row}` };
        }
      }
      const summary = await untilAnswered(
        () => users.uploadUsers(rows()),
        () => {
          repeatedUploads++;
          if (partOf === name) repeatedParts++;
          return times("create", 1);
        },
      );
      expect(summary).toEqual({ created: rowsOfAnUpload, failed: 0, errors: [] });
      uploads++;
      // Some air for the creates, each of which waits for its turn among the batches.
      for (let creates = 0; creates < 200 && !stop.signal.aborted; creates++) await times("create", 1);
    }
  };

  /** What the one watcher saw, in the order in which it did. */
  const seen: string[] = [];
  let resumes = 0;
  /** The last event that will ever come, once that is known. */
  let last: string | undefined;
  const watch = async () => {
    for await (const { eventType, user } of users.watchUsers(
      {},
      { heartbeats: true, onResume: () => resumes++ },
    )) {
      if (eventType === "heartbeat") {
        progress.emit("watching");
      } else {
        seen.push(`${eventType} ${user?.id}`);
        if (user?.name === `upload${uploads}`) {
          partOf = user.name;
          progress.emit("uploaded");
        }
      }
      if (last !== undefined && seen.at(-1) === last) return;
    }
  };

  try {
    const position = times("watching", 1);
    const watching = run(watch);
    await position;
    const writing = [run(create), run(upload)];

    for (let kill = 0; kill < kills; kill++) {
      // A quarter of them once the watcher has come back and seen a part of an upload; always in the middle of one.
      if (kill % 4 === 0) await times("uploaded", 1);
      else await times("row", upTo(rowsOfAnUpload));
      await service.stop("SIGKILL");
      const answered = acknowledged.slice();
      expect(integrityOf(database)).toEqual(intact);
      service = await startUsersService(["--database", database, "--address", address]);

      const list = async () => {
        const ids: string[] = [];
        for await (const { id } of users.list({ filter: 'email="created*"', pageSize: 1000 })) ids.push(id);
        return ids;
      };
      const found = await or(untilAnswered(list, () => times("create", 1)));
      // In the order of creation, in which the one loop that makes them was answered.
      expect(found.slice(0, answered.length)).toEqual(answered);
    }

    stop.abort();
    await or(Promise.all(writing));
    const log: string[] = [];
    for await (const { id } of users.list({ pageSize: 1000 })) log.push(`created ${id}`);
    expect(log.length).toBe(acknowledged.length + uploads * rowsOfAnUpload);
    expect(new Set(log).size).toBe(log.length);
    last = log.at(-1);
    if (seen.at(-1) !== last) await or(watching);
    // The list is in the order of creation: what was seen is all that happened, each once and in order.
    expect(seen.length).toBe(log.length);
    expect(seen.findIndex((event, index) => event !== log[index])).toBe(-1);
    expect(resumes).toBeGreaterThanOrEqual(kills / 4);
    expect(repeatedUploads).toBeGreaterThanOrEqual(kills / 2);
    expect(repeatedParts).toBeGreaterThan(0);

    expect(await service.stop("SIGTERM")).toMatchObject({ code: 0 });
    expect(integrityOf(database)).toEqual(intact);
  } finally {
    clearTimeout(limit);
    over.abort();
    stop.abort();
    await service[Symbol.asyncDispose]();
  }
}, 90_000);
