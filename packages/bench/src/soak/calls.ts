import type { Client } from "@callwire/transport";
import { ClientError, Status } from "@callwire/transport";
import type { ChatMessage, CreateUserRequest, UserServiceDefinition } from "@callwire/contracts/users";
import type { BlobServiceDefinition } from "../gen/ts-proto/callwire/bench/v1/blob_service.js";
import { blob, checkUser, newUserAt, USER_COUNT, userId } from "../service/data.js";

/** The clients of one channel. */
export interface SoakClients {
  users: Client<UserServiceDefinition>;
  blobs: Client<BlobServiceDefinition>;
}

/** The parts that a call is made with. */
interface Options {
  signal?: AbortSignal;
  deadline?: number;
}

/** Makes a call; rejects as the call does, and with a {@link WrongAnswer} if what came is not right. */
type Call = (clients: SoakClients, options: Options) => Promise<void>;

/** The one thing that nothing on the way may cause. */
export class WrongAnswer extends Error {}

function expectThat(right: boolean, what: string): void {
  if (!right) throw new WrongAnswer(what);
}

const upTo = (limit: number): number => Math.floor(Math.random() * limit);

/** All shapes of calls, short and long ones, to their end and not. */
const calls: readonly Call[] = [
  async ({ users }, options) => {
    const index = upTo(USER_COUNT);
    const user = await users.getUser({ id: userId(index) }, options);
    try {
      checkUser(user, index);
    } catch (error) {
      throw new WrongAnswer(String(error));
    }
  },
  async ({ users }, options) => {
    const error: unknown = await users.getUser({ id: "nobody" }, options).then(
      () => new WrongAnswer("there is a user nobody"),
      (reason: unknown) => reason,
    );
    if (!(error instanceof ClientError && error.code === Status.NOT_FOUND)) throw error;
  },
  async ({ users }, options) => {
    const page = await users.listUsers({ pageSize: 100 }, options);
    expectThat(page.users.length === 100 && page.users[99]!.id === userId(99), "a page");
  },
  async ({ users }, options) => {
    const count = upTo(3000);
    let next = 0;
    for await (const event of users.watchUsers({ resumeToken: String(count) }, options)) {
      expectThat(Number(event.resumeToken) === next++ % USER_COUNT, "the order of events");
    }
    expectThat(next === count, `${next} events of ${count}`);
  },
  async ({ users }, options) => {
    let left = upTo(50);
    // Left before its end, which nobody but this side knows.
    for await (const event of users.watchUsers({ resumeToken: "1000000" }, options)) {
      expectThat(event.eventType === "updated", "an event");
      if (left-- === 0) break;
    }
  },
  async ({ users }, options) => {
    const count = upTo(1000);
    const summary = await users.uploadUsers(rows(count), options);
    expectThat(summary.created === count, `${summary.created} rows of ${count}`);
  },
  async ({ users }, options) => {
    const count = upTo(300);
    let next = 0;
    for await (const { content } of users.chat(lines(count), options)) {
      expectThat(Number(content) === next++, "the order of a chat");
    }
    expectThat(next === count, `${next} lines of ${count}`);
  },
  async ({ blobs }, options) => {
    const data = blob(1 + upTo(200_000));
    const answer = await blobs.exchange({ data }, options);
    expectThat(data.equals(answer.data), "the bytes of an exchange");
  },
  async ({ blobs }, options) => {
    const { data } = await blobs.exchange(
      { data: Buffer.alloc(50_000) },
      { ...options, compression: "gzip" },
    );
    expectThat(
      data.length === 50_000 && data.every((byte) => byte === 0),
      "the bytes of a compressed exchange",
    );
  },
];

async function* rows(count: number): AsyncGenerator<CreateUserRequest, void, undefined> {
  const row = newUserAt(1);
  for (let index = 0; index < count; index++) yield row;
}

async function* lines(count: number): AsyncGenerator<Partial<ChatMessage>, void, undefined> {
  for (let index = 0; index < count; index++) yield { content: String(index) };
}

/** The end of a call. */
export type Outcome = "answered" | "cancelled" | "expired" | "lost";

/** The errors that a call may fail with if the network or the other side lost it. */
const lost: readonly Status[] = [Status.UNAVAILABLE, Status.INTERNAL, Status.CANCELLED, Status.UNKNOWN];

/**
 * Makes one call of a kind that chance chooses, some with a deadline and some that are cancelled, and tells how it ended.
 *
 * @throws {Error} what no network can cause: a wrong answer, or an error that means something else.
 */
export async function makeCall(clients: SoakClients): Promise<Outcome> {
  const call = calls[upTo(calls.length)]!;
  const chance = Math.random();
  if (chance < 0.15) return outcomeOf(call(clients, { deadline: Date.now() + upTo(10) }));
  if (chance > 0.3) return outcomeOf(call(clients, {}));
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), upTo(10));
  try {
    return await outcomeOf(call(clients, { signal: controller.signal }));
  } finally {
    clearTimeout(timer);
  }
}

async function outcomeOf(call: Promise<void>): Promise<Outcome> {
  try {
    await call;
    return "answered";
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") return "cancelled";
    if (!(error instanceof ClientError)) throw error;
    if (error.code === Status.DEADLINE_EXCEEDED) return "expired";
    if (lost.includes(error.code)) return "lost";
    throw error;
  }
}
