import { randomUUID } from "node:crypto";
import type {
  CreateUserRequest,
  DeleteUserRequest,
  ListUsersRequest,
  ListUsersResponse,
  UpdateUserRequest,
  User,
} from "@callwire/contracts/users";
import { orderedUuid } from "../../internal/ordered-uuid.js";
import type { ChangeLog } from "./change-log.js";
import {
  checkFields,
  emailKey,
  maskedFields,
  sameFields,
  textProblem,
  type UserField,
} from "./user-fields.js";
import { emailTaken, etagMismatch, InvalidFields, Problems, userNotFound } from "./user-errors.js";
import { parseFilter } from "./user-filter.js";
import { parseOrder } from "./user-order.js";

/** A request id is remembered for a day, in milliseconds. */
const REQUEST_LIFETIME_MS = 24 * 3_600_000;

/** One user, with its place in the order of creation. */
interface Entry {
  readonly user: User;
  readonly sequence: number;
  readonly version: number;
}

/** The users of a fake, in memory. Users that it gives are not to be changed. */
export class FakeDirectory {
  readonly #entries = new Map<string, Entry>();
  readonly #requests = new Map<string, { user: User; timeMs: number }>();
  /** Where a page ends, by the token of the next one. */
  readonly #pages = new Map<string, { shape: string; after: Entry }>();
  readonly #log: ChangeLog;
  #sequence = 0;

  constructor(log: ChangeLog) {
    this.#log = log;
  }

  get users(): readonly User[] {
    return Array.from(this.#entries.values(), ({ user }) => user);
  }

  get(id: string): User {
    return this.#find(id).user;
  }

  /** @param id Default: a UUID of version 7. */
  create(request: CreateUserRequest, id = orderedUuid()): User {
    const problems = new Problems();
    checkFields(problems, request);
    problems.add("request_id", textProblem(request.requestId, 0, 128));
    problems.throwIfAny();
    const { name, email, age, department, roles, requestId } = request;
    const time = new Date();
    const done = requestId === "" ? undefined : this.#requests.get(requestId);
    if (done !== undefined && done.timeMs > time.getTime() - REQUEST_LIFETIME_MS) {
      if (sameFields(done.user, request)) return done.user;
      const description = "was used for a request with other fields";
      throw new InvalidFields([{ field: "request_id", description }]);
    }
    this.#checkEmail(email, undefined);
    const fields = { id, name, email, age, department, roles: [...roles] };
    const user = this.#keep({ ...fields, createdAt: time, updatedAt: time, etag: "" }, ++this.#sequence, 1);
    if (requestId !== "") this.#requests.set(requestId, { user, timeMs: time.getTime() });
    this.#log.append({ type: "created", user, previousDepartment: department, time });
    return user;
  }

  update({ user: wanted, updateMask }: UpdateUserRequest): User {
    const problems = new Problems();
    problems.add("user.id", textProblem(wanted?.id ?? "", 1, 64));
    const fields: readonly UserField[] =
      (wanted && problems.attempt(() => maskedFields(updateMask ?? [], wanted))) ?? [];
    if (wanted !== undefined) checkFields(problems, wanted, { only: fields, prefix: "user." });
    problems.throwIfAny();
    const { user: before, sequence, version } = this.#find(wanted!.id);
    checkEtag(before, wanted!.etag);
    const changes = Object.fromEntries(fields.map((field) => [field, wanted![field]]));
    const changed: User = { ...before, ...changes };
    if (sameFields(before, changed)) return before;
    this.#checkEmail(changed.email, before.id);
    const time = timeAfter(before);
    const user = this.#keep({ ...changed, updatedAt: time }, sequence, version + 1);
    this.#log.append({ type: "updated", user, previousDepartment: before.department, time });
    return user;
  }

  delete({ id, etag }: DeleteUserRequest): User {
    const { user } = this.#find(id);
    checkEtag(user, etag);
    this.#entries.delete(id);
    this.#log.append({
      type: "deleted",
      user,
      previousDepartment: user.department,
      time: timeAfter(user),
    });
    return user;
  }

  list({ pageSize, pageToken, filter: filterText, orderBy }: ListUsersRequest): ListUsersResponse {
    const shape = JSON.stringify([filterText, orderBy]);
    const problems = new Problems();
    problems.add("page_size", pageSize < 0 ? "is negative" : undefined);
    const filter = problems.attempt(() => parseFilter(filterText)) ?? (() => false);
    const order = problems.attempt(() => parseOrder(orderBy)) ?? (() => 0);
    const page = this.#pages.get(pageToken);
    if (pageToken !== "" && page === undefined) {
      problems.add("page_token", "is not a token that this service made");
    } else if (page !== undefined && page.shape !== shape) {
      problems.add("page_token", "was made for another filter or order_by");
    }
    problems.throwIfAny();
    const compare = (a: Entry, b: Entry) => order(a.user, b.user) || a.sequence - b.sequence;
    const matches = Array.from(this.#entries.values())
      .filter(({ user }) => filter(user))
      .toSorted(compare);
    const rest = page === undefined ? matches : matches.filter((entry) => compare(entry, page.after) > 0);
    const size = Math.min(pageSize === 0 ? 50 : pageSize, 1000);
    const entries = rest.slice(0, size);
    const nextPageToken = rest.length > size ? randomUUID() : "";
    if (nextPageToken !== "") this.#pages.set(nextPageToken, { shape, after: entries.at(-1)! });
    return { users: entries.map(({ user }) => user), nextPageToken, totalCount: matches.length };
  }

  #keep(user: User, sequence: number, version: number): User {
    const etag = `${version}-${Number(user.updatedAt).toString(36)}`;
    const kept = { ...user, etag };
    this.#entries.set(kept.id, { user: kept, sequence, version });
    return kept;
  }

  #find(id: string): Entry {
    const description = textProblem(id, 1, 64);
    if (description !== undefined) throw new InvalidFields([{ field: "id", description }]);
    const entry = this.#entries.get(id);
    if (entry === undefined) throw userNotFound(id);
    return entry;
  }

  #checkEmail(email: string, ownId: string | undefined): void {
    const key = emailKey(email);
    const isTaken = this.users.some((user) => user.id !== ownId && emailKey(user.email) === key);
    if (isTaken) throw emailTaken(email);
  }
}

function checkEtag(user: User, etag: string): void {
  if (etag !== "" && etag !== user.etag) throw etagMismatch(user.id);
}

/** Now, or the user's last change if the clock has gone back since. */
function timeAfter({ updatedAt }: User): Date {
  return new Date(Math.max(Date.now(), Number(updatedAt)));
}
