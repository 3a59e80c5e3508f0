import type { ChangeFeed, UserEvent } from "./change-feed.js";
import { cursorOf } from "./cursor.js";
import { EmailTaken, EtagMismatch, InvalidFields, ListTooLong, UserNotFound } from "./errors.js";
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, REQUEST_ID_LIFETIME_MS } from "./limits.js";
import { parseOrderBy } from "./order-by.js";
import { PageTokens } from "./page-token.js";
import { parseFilter } from "./parse-filter.js";
import type { ListCaller, ListResult, Transaction, UserStore } from "./user-store.js";
import { DEPARTMENTS, emailKey, etagOf, sameFields, type User, type UserFields } from "./user.js";
import { changedFields, parseUpdateMask } from "./update-mask.js";
import { uuidMaker } from "./uuid.js";
import { Problems, checkFields, checkId, checkRequestId, requireId } from "./validation.js";
import type { WatchCaller, Watcher } from "./watcher.js";

/** Options for {@link Directory}. */
export interface DirectoryOptions<Event = UserEvent> {
  store: UserStore;
  feed: ChangeFeed<Event>;
  /** The time in milliseconds since 1970. Default: `Date.now`. */
  clock?: () => number;
  /** Makes the ids of users. Default: UUIDs that begin with the time, so that those of new users stand side by side. */
  newId?: () => string;
}

/** Asks for a user to be created. */
export interface CreateRequest extends UserFields {
  /** Makes a repeat safe; empty is none. */
  readonly requestId: string;
}

/** One result of {@link Directory.createMany}: a user, or why there is none. */
export type CreateResult = { readonly user: User } | { readonly error: InvalidFields | EmailTaken };

/** Asks for a user to be changed. */
export interface UpdateRequest extends UserFields {
  readonly id: string;
  /** The etag that the user must have; empty is any. */
  readonly etag: string;
  /** Paths of the fields to change; if there are none, those that are not zero or empty. */
  readonly updateMask: readonly string[];
}

/** Asks for a page of users. */
export interface ListRequest {
  readonly pageSize: number;
  readonly pageToken: string;
  readonly filter: string;
  readonly orderBy: string;
}

/** A page of users. */
export interface UserPage {
  readonly users: readonly User[];
  /** Empty if this is the last page. */
  readonly nextPageToken: string;
  /** The number of matches on all pages. */
  readonly totalCount: number;
}

/** Asks for a stream of changes. */
export interface WatchRequest {
  /** Names of departments; none is all. */
  readonly departments: readonly string[];
  /** Empty is from now on. */
  readonly resumeToken: string;
}

/**
 * The directory of users: what can be done with it, whoever asks. The users that it returns are not to be changed.
 * `Event` is what its watchers get.
 */
export class Directory<Event = UserEvent> {
  readonly #store: UserStore;
  readonly #feed: ChangeFeed<Event>;
  readonly #clock: () => number;
  readonly #newId: () => string;
  readonly #pageTokens: PageTokens;

  constructor({ store, feed, clock = Date.now, newId = uuidMaker(clock) }: DirectoryOptions<Event>) {
    this.#store = store;
    this.#feed = feed;
    this.#clock = clock;
    this.#newId = newId;
    this.#pageTokens = new PageTokens(store.identity.tokenKey);
  }

  /**
   * @throws {InvalidFields} if the id is not within its limits.
   * @throws {UserNotFound}
   */
  get(id: string): User {
    requireId(id);
    return found(id, this.#store.get(id));
  }

  /**
   * Creates a user; under the request id of a create that was done, within a day, returns what that one created.
   * @throws {InvalidFields} names every field that is at fault.
   * @throws {EmailTaken}
   */
  async create(request: CreateRequest): Promise<User> {
    const problem = createProblem(request);
    if (problem !== undefined) {
      throw problem;
    }
    return this.#store.write((transaction) => {
      forgetOldRequests(transaction, this.#clock(), 1);
      const created = this.#create(transaction, request);
      if (created instanceof Error) {
        throw created;
      }
      return created;
    });
  }

  /** Creates users in one transaction, as {@link create} does; returns what came of each, in their order. */
  async createMany(requests: readonly CreateRequest[]): Promise<CreateResult[]> {
    return this.#store.write((transaction) => {
      forgetOldRequests(transaction, this.#clock(), requests.length);
      return requests.map((request) => {
        const created = createProblem(request) ?? this.#create(transaction, request);
        return created instanceof Error ? { error: created } : { user: created };
      });
    });
  }

  /**
   * Changes the fields that the mask names. If that leaves the user as it is, nothing happens and nobody is told.
   * @throws {InvalidFields} names every field that is at fault: `user.id`, `user.email`, …, `update_mask`.
   * @throws {UserNotFound}
   * @throws {EtagMismatch}
   * @throws {EmailTaken}
   */
  async update(request: UpdateRequest): Promise<User> {
    const problems = new Problems();
    checkId(problems, request.id, "user.id");
    const fields = problems.attempt(() => parseUpdateMask(request.updateMask, request)) ?? [];
    checkFields(problems, request, { only: fields, prefix: "user." });
    problems.throwIfAny();
    return this.#store.write((transaction) => {
      const before = found(request.id, transaction.get(request.id));
      checkEtag(before, request.etag);
      const wanted = { ...before, ...changedFields(fields, request) };
      if (sameFields(before, wanted)) {
        return before;
      }
      checkEmail(transaction, wanted.email, before.id);
      const user = { ...wanted, updatedAt: this.#timeAfter(before), version: before.version + 1 };
      transaction.replace(user);
      const { department: previousDepartment } = before;
      transaction.append({ type: "updated", user, previousDepartment, time: user.updatedAt });
      return user;
    });
  }

  /**
   * Deletes a user and returns it as it last was.
   * @param request An empty etag is any.
   * @throws {InvalidFields} if the id is not within its limits.
   * @throws {UserNotFound}
   * @throws {EtagMismatch}
   */
  async delete({ id, etag }: { id: string; etag: string }): Promise<User> {
    requireId(id);
    return this.#store.write((transaction) => {
      const user = found(id, transaction.get(id));
      checkEtag(user, etag);
      transaction.remove(id);
      const time = this.#timeAfter(user);
      transaction.append({ type: "deleted", user, previousDepartment: user.department, time });
      return user;
    });
  }

  /**
   * Returns one page of the users that match.
   * @param caller Whose signal ends a list that takes long.
   * @throws {InvalidFields} names every one of `page_size`, `filter`, `order_by` and `page_token` that is at fault.
   * @throws {ListTooLong} names the filter.
   * @throws {TooManyLists}
   */
  async list(
    { pageSize, pageToken, filter: filterText, orderBy }: ListRequest,
    caller?: ListCaller,
  ): Promise<UserPage> {
    const shape = { filter: filterText, orderBy };
    const problems = new Problems();
    problems.add("page_size", pageSize < 0 ? "is negative" : undefined);
    const filter = problems.attempt(() => parseFilter(filterText));
    const order = problems.attempt(() => parseOrderBy(orderBy)) ?? [];
    const after =
      pageToken === "" ? undefined : problems.attempt(() => this.#pageTokens.decode(shape, pageToken));
    problems.throwIfAny();
    const size = Math.min(pageSize === 0 ? DEFAULT_PAGE_SIZE : pageSize, MAX_PAGE_SIZE);
    // One more than the page, to learn whether there is a next one.
    let result: ListResult;
    try {
      result = await this.#store.list({ filter, order, after, limit: size + 1 }, caller);
    } catch (error) {
      throw error instanceof ListTooLong ? new ListTooLong(error.limitMs, filterText) : error;
    }
    const { users, totalCount } = result;
    const last = users.length > size ? users[size - 1] : undefined;
    if (last === undefined) {
      return { users, nextPageToken: "", totalCount };
    }
    const nextPageToken = this.#pageTokens.encode(shape, cursorOf(last, order));
    return { users: users.slice(0, size), nextPageToken, totalCount };
  }

  /**
   * Begins to watch every change that matches, as {@link ChangeFeed.watch} does.
   * @throws {InvalidFields} on `departments` or `resume_token`.
   */
  watch({ departments, resumeToken }: WatchRequest, caller?: WatchCaller): Watcher<Event> {
    const numbers = departments.length === 0 ? undefined : new Set(departments.map(departmentNumber));
    return this.#feed.watch({ departments: numbers, resumeToken }, caller);
  }

  /** Returns why there is no user, instead of throwing it: an upload may have a million such rows. */
  #create(transaction: Transaction, request: CreateRequest): User | InvalidFields | EmailTaken {
    const { requestId, name, email, age, department, roles } = request;
    const now = this.#clock();
    const done = requestId === "" ? undefined : transaction.findRequest(requestId);
    if (done !== undefined && done.time.getTime() > now - REQUEST_ID_LIFETIME_MS) {
      if (!sameFields(done.user, request)) {
        return new InvalidFields([
          { field: "request_id", reason: "was used for a request with other fields" },
        ]);
      }
      return done.user;
    }
    const time = new Date(now);
    const user = transaction.insert({
      id: this.#newId(),
      name,
      email,
      age,
      department,
      roles: [...roles],
      createdAt: time,
      updatedAt: time,
      version: 1,
    });
    if (user === undefined) {
      return new EmailTaken(email);
    }
    if (requestId !== "") {
      transaction.saveRequest({ requestId, user, time });
    }
    transaction.append({ type: "created", user, previousDepartment: department, time });
    return user;
  }

  /** Now, or the user's last change if the clock has gone back since. */
  #timeAfter(user: User): Date {
    return new Date(Math.max(this.#clock(), user.updatedAt.getTime()));
  }
}

function found(id: string, user: User | undefined): User {
  if (user === undefined) {
    throw new UserNotFound(id);
  }
  return user;
}

function createProblem(request: CreateRequest): InvalidFields | undefined {
  const problems = new Problems();
  checkFields(problems, request);
  checkRequestId(problems, request.requestId);
  return problems.error;
}

/** @param id Of the user that may have the email already. */
function checkEmail(transaction: Transaction, email: string, id: string): void {
  const holder = transaction.findIdByEmailKey(emailKey(email));
  if (holder !== undefined && holder !== id) {
    throw new EmailTaken(email);
  }
}

function checkEtag(user: User, etag: string): void {
  if (etag !== "" && etag !== etagOf(user)) {
    throw new EtagMismatch(user.id);
  }
}

/** Forgets twice as many requests as are about to be made, so that old ones run out, and no write takes long. */
function forgetOldRequests(transaction: Transaction, now: number, made: number): void {
  transaction.forgetRequests(new Date(now - REQUEST_ID_LIFETIME_MS), 2 * made);
}

function departmentNumber(name: string): number {
  const number = DEPARTMENTS.findIndex((known) => known === name);
  if (number < 0) {
    const reason = `names ${JSON.stringify(name.slice(0, 50))}, which is none of ${DEPARTMENTS.join(", ")}`;
    throw new InvalidFields([{ field: "departments", reason }]);
  }
  return number;
}
