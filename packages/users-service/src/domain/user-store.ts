import type { Cursor } from "./cursor.js";
import type { Filter } from "./filter.js";
import type { Order } from "./order-by.js";
import type { User } from "./user.js";

/** The kinds of changes of a user. */
export type ChangeType = "created" | "updated" | "deleted";

/** One entry of the log of changes. */
export interface Change {
  /** Place in the log: from 1, without a gap. */
  readonly position: number;
  readonly type: ChangeType;
  /** The user after the change, or as it last was. */
  readonly user: User;
  /** The user's department before the change; of a created user, its first one. */
  readonly previousDepartment: number;
  readonly time: Date;
}

/** A create that was done under a request id. */
export interface DoneRequest {
  readonly requestId: string;
  /** The user as it was created. */
  readonly user: User;
  readonly time: Date;
}

/** Asks for a page of users. */
export interface ListQuery {
  /** Undefined matches all. */
  readonly filter: Filter | undefined;
  readonly order: Order;
  /** Where to begin; undefined is the start. */
  readonly after: Cursor | undefined;
  /** The most users to return. */
  readonly limit: number;
}

/** The reader of a list. A list that may take long ends when the signal aborts; only such a list reads it. */
export interface ListCaller {
  readonly signal: AbortSignal;
}

/** A page of users, and how many match the filter in all. */
export interface ListResult {
  readonly users: readonly User[];
  readonly totalCount: number;
}

/** Random values that are made together with a store, and live as long as it. */
export interface StoreIdentity {
  /** Names this log of changes among all others: 8 bytes. */
  readonly logId: Uint8Array;
  /** Authenticates the page tokens of this store: 32 bytes. */
  readonly tokenKey: Uint8Array;
}

/** One write's means. It sees what was written before it, its own work included. */
export interface Transaction {
  get(id: string): User | undefined;
  /** Id of the user whose {@link emailKey} this is. */
  findIdByEmailKey(key: string): string | undefined;
  /**
   * Adds a user, whose id must be new, and gives it the next sequence number. Returns undefined, and has done nothing, if
   * another user has its {@link emailKey}.
   */
  insert(user: Omit<User, "sequence">): User | undefined;
  /** Puts a new state in the place of the one with the same id, which must be there. */
  replace(user: User): void;
  remove(id: string): void;
  findRequest(requestId: string): DoneRequest | undefined;
  /** Remembers a request, in the place of one with the same id if there is any. */
  saveRequest(request: DoneRequest): void;
  /** Forgets requests that earlier commits have saved and that were done before `time`, the oldest first, at most `limit` of them. */
  forgetRequests(time: Date, limit: number): void;
  /** Adds an entry to the log of changes, at the next position. */
  append(change: Omit<Change, "position">): void;
}

/**
 * Keeps the users, the log of their changes and the requests that were done. Text given to it must hold no NUL and no
 * half of a surrogate pair. A text is ordered by its code points.
 */
export interface UserStore {
  readonly identity: StoreIdentity;
  /** Position of the newest committed change; 0 if there has been none. */
  readonly lastPosition: number;

  /** Many callers get the same object: it is not to be changed. */
  get(id: string): User | undefined;

  /**
   * Sees every write that was resolved before.
   * @throws {ListTooLong} if the users that may match are too many to look at each.
   * @throws {TooManyLists} if as many such lists as may run are running, and as many as may wait are waiting.
   * @throws the signal's reason.
   */
  list(query: ListQuery, caller?: ListCaller): Promise<ListResult>;

  /**
   * Changes after a position, in order, at most `limit` (1 or more); fewer only where the log ends.
   * @throws {PositionTooOld} if the log no longer holds all of them.
   */
  readChanges(after: number, limit: number): Promise<readonly Change[]>;

  /**
   * Runs `work` as one transaction: all of it is kept, or nothing if it throws, and then the promise rejects with what
   * it threw. Resolves once the result is on disk. `work` is synchronous, so that several writes can share one
   * commit and none must wait, or be tried again, for another one. A work that checks before it writes costs nothing
   * when it throws; one that has written costs the others of its commit.
   */
  write<T>(work: (transaction: Transaction) => T): Promise<T>;

  /** Calls `listener` with the changes of each commit, in order, before any write of that commit resolves. */
  onCommit(listener: (changes: readonly Change[]) => void): void;

  /** Finishes the writes that were asked for, then lets go of everything. Later calls fail. */
  close(): Promise<void>;
}
