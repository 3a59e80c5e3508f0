import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Department } from "@callwire/contracts/users";
import type { NewUser } from "../service/data.js";

/** A user as the users service's domain has it. */
export interface StoredUser {
  id: string;
  name: string;
  email: string;
  age: number;
  department: Department;
  roles: readonly string[];
  createdAt: Date;
  updatedAt: Date;
}

/** The result of one row: a user, or an error. */
export type RowResult = { user: StoredUser } | { error: Error };

/** An event of a watch as the users service's domain has it: one object for all who watch. */
export interface StoredEvent {
  type: string;
  /** Absent of a heartbeat. */
  user?: StoredUser;
  resumeToken: string;
  time: Date;
}

/** Of the users service's Directory, what the peers and the seeding use. */
export interface UsersDirectory {
  get(id: string): StoredUser | Promise<StoredUser>;
  create(request: NewUser): StoredUser | Promise<StoredUser>;
  createMany(requests: readonly NewUser[]): Promise<RowResult[]>;
  list(request: {
    pageSize: number;
    pageToken: string;
    filter: string;
    orderBy: string;
  }): Promise<{ users: readonly StoredUser[]; nextPageToken: string; totalCount: number }>;
  watch(request: { departments: readonly string[]; resumeToken: string }): AsyncIterableIterator<StoredEvent>;
}

/** An open store of the users service, without its gRPC. */
export interface OpenUsers {
  directory: UsersDirectory;
  etagOf(user: StoredUser): string;
  /** Which of the domain's errors this is; undefined for any other error. */
  kindOf(error: unknown): string | undefined;
  /** The users service's own check of tokens: the caller, or undefined. */
  verify(token: string): { subject: string } | undefined;
  close(): Promise<void>;
}

/** The ways to open a store. */
export interface OpenUsersOptions {
  /** The folder of a built users service, of this version or of an older one. */
  service: string;
  database: string;
  /** Subjects by their tokens. Default: none. */
  tokens?: ReadonlyMap<string, string>;
  /** Makes the ids of users. Default: the service's own. */
  newId?: () => string;
}

/**
 * Opens the users service's own store and domain, so that peers over HTTP do the same work for each call and the
 * difference is what carries the calls. The service exports nothing: this alone knows where its files are.
 */
export async function openUsers({
  service,
  database,
  tokens = new Map(),
  newId,
}: OpenUsersOptions): Promise<OpenUsers> {
  const load = async <Exports>(...path: string[]): Promise<Exports> =>
    (await import(pathToFileURL(join(service, "dist", ...path)).href)) as Exports;
  const { openSqliteUserStore } = await load<{
    openSqliteUserStore(options: object): { close(): Promise<void> };
  }>("storage", "sqlite-user-store.js");
  const { ChangeFeed } = await load<{ ChangeFeed: new (options: object) => object }>(
    "domain",
    "change-feed.js",
  );
  const { Directory } = await load<{ Directory: new (options: object) => UsersDirectory }>(
    "domain",
    "directory.js",
  );
  const { etagOf } = await load<Pick<OpenUsers, "etagOf">>("domain", "user.js");
  const { isDomainError } = await load<{ isDomainError(error: unknown): boolean }>("domain", "errors.js");
  const { tokenVerifier } = await load<{
    tokenVerifier(tokens: ReadonlyMap<string, string>): OpenUsers["verify"];
  }>("callers.js");
  const store = openSqliteUserStore({ path: database });
  const feed = new ChangeFeed({ store });
  return {
    directory: new Directory({ store, feed, ...(newId && { newId }) }),
    etagOf,
    kindOf: (error) => (isDomainError(error) ? (error as { kind: string }).kind : undefined),
    verify: tokenVerifier(tokens),
    close: () => store.close(),
  };
}
