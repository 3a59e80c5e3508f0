import { checkUser, newUserAt, USER_COUNT, userId } from "../../service/data.js";
import { spread } from "../../service/spread.js";
import { Code, codeOf, type UsersClient } from "./users-client.js";

/** The calls of one round, by their index in it: every other one is a GetUser. */
const ROUND = 20;

/** The users that only answer; those after them are changed. */
const UNCHANGED = USER_COUNT / 2;

/** Makes the `index`th of calls of all kinds, and checks what comes of it. None leaves anything behind on the server. */
export async function mixedCall(users: UsersClient, index: number): Promise<void> {
  const step = index % ROUND;
  if (step % 2 === 0) {
    const which = spread(index / 2, UNCHANGED);
    return checkUser(await users.getUser({ id: userId(which) }), which);
  }
  switch (step) {
    case 1:
    case 11: {
      const page = await users.listUsers({ pageSize: 20 });
      if (page.users.length !== 20) throw new Error(`a page of ${page.users.length} users`);
      return checkUser(page.users[19]!, 19);
    }
    case 3:
    case 13:
      return changeUser(users, UNCHANGED + spread(index, UNCHANGED), `Renamed ${index}`);
    case 5: {
      const email = `mixed${index}@example.com`;
      const { id } = await users.createUser({ ...newUserAt(0), email, requestId: "" });
      await users.deleteUser({ id });
      return;
    }
    case 7:
      return failsWith(Code.NOT_FOUND, users.getUser({ id: "nobody" }));
    case 9:
      return failsWith(Code.INVALID_ARGUMENT, users.createUser({ ...newUserAt(0), name: "", requestId: "" }));
    case 15: {
      const rows = [0, 1, 2].map((row) => ({ ...newUserAt(row), requestId: "" }));
      const { created, failed } = await users.uploadUsers(rows);
      if (created !== 0 || failed !== 3) throw new Error(`${created} users were created of rows that exist`);
      return;
    }
    case 17:
      return chatAlone(users, `room ${index}`);
    default:
      return index % (2 * ROUND) === ROUND - 1 ? firstEvent(users) : cancelled(users);
  }
}

async function changeUser(users: UsersClient, which: number, name: string): Promise<void> {
  const id = userId(which);
  const user = await users.getUser({ id });
  // Whatever its state: others may change it at the same time.
  const changed = await users.updateUser({ user: { ...user, name, etag: "" }, updateMask: ["name"] });
  if (changed.name !== name) throw new Error(`wrong answer: ${JSON.stringify(changed)}`);
}

async function failsWith(code: number, call: Promise<unknown>): Promise<void> {
  const error: unknown = await call.then(
    () => new Error("it did not fail"),
    (reason: unknown) => reason,
  );
  if (codeOf(error) !== code) throw error;
}

async function chatAlone(users: UsersClient, room: string): Promise<void> {
  const contents: string[] = [];
  const messages = ["one", "two"].map((content) => ({ sender: "bench", content, room }));
  for await (const { content } of users.chat(messages)) contents.push(content);
  if (contents.join() !== "one,two") throw new Error(`a chat got ${contents.join()}`);
}

async function firstEvent(users: UsersClient): Promise<void> {
  for await (const { eventType } of users.watchUsers({}, { heartbeats: true })) {
    if (eventType !== "heartbeat") throw new Error(`a watch began with ${eventType}`);
    return;
  }
}

async function cancelled(users: UsersClient): Promise<void> {
  const controller = new AbortController();
  const call = users.getUser({ id: userId(0) }, { signal: controller.signal });
  controller.abort(new Error("not wanted"));
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error !== controller.signal.reason) throw error ?? new Error("a call that was cancelled was answered");
}
