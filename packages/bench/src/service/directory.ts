import type { CreateUserRequest, User, UserEvent } from "@callwire/contracts/users";
import { EventLog } from "./event-log.js";
import { eventAt, USER_COUNT, userAt, userId } from "./data.js";

/** Served by every peer that is written for Node.js: the same users, kept in memory, with the same work for each call. */
export class Directory {
  readonly log = new EventLog();
  readonly users = Array.from({ length: USER_COUNT }, (_, index) => userAt(index));
  readonly past = Array.from({ length: USER_COUNT }, (_, index) => eventAt(index));
  readonly #byId = new Map(this.users.map((user) => [user.id, user]));
  #created = 0;

  get(id: string): User | undefined {
    return this.#byId.get(id);
  }

  /** Makes a user and tells the watchers; the user is not kept, so that a long run needs no more memory than a short one. */
  create({ name, email, age, department, roles }: CreateUserRequest): User {
    const now = new Date();
    const id = userId(++this.#created);
    const user: User = {
      id,
      name,
      email,
      age,
      department,
      roles,
      createdAt: now,
      updatedAt: undefined,
      etag: "",
    };
    this.log.append((position) => ({
      eventType: "created",
      user,
      resumeToken: String(position),
      eventTime: now,
    }));
    return user;
  }

  page(size: number): User[] {
    return this.users.slice(0, size);
  }

  /** The first `count` events of the past, which begins anew after its last one. */
  *replay(count: number): Generator<UserEvent, void, undefined> {
    for (let index = 0; index < count; index++) yield this.past[index % USER_COUNT]!;
  }
}

/** The number of past events that a token asks for: in these measurements it is just that number; none means the future. */
export function replayCount(resumeToken: string): number | undefined {
  return resumeToken === "" ? undefined : Number(resumeToken);
}
