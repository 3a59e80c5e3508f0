import {
  CreateUserRequest,
  UserServiceDefinition,
  type UploadSummary,
  type User,
} from "@callwire/contracts/users";
import { checkOptions, rules, type RulesOf, type ServiceImplementation } from "@callwire/transport";
import { ServerError, Status } from "nice-grpc-common";
import { createUsersClient } from "../../users/create-users-client.js";
import type { UsersClient } from "../../users/users-client.js";
import { createFakeServer, type FakeClientOptions, type FakeServer } from "../fake-server.js";
import { ChangeLog } from "./change-log.js";
import { FakeChat } from "./fake-chat.js";
import { FakeDirectory } from "./fake-directory.js";
import { InvalidFields, toStatus, type Violation } from "./user-errors.js";

/** Options for {@link createFakeUsers}. */
export interface FakeUsersOptions {
  /** The users that are there from the start; `id` is made if it is not given. Default: none. */
  users?: readonly (Partial<CreateUserRequest> & { id?: string })[];
  /** The time that a watch is silent before it gets a heartbeat, in milliseconds. Default: 15,000, as the service has it. */
  heartbeatMs?: number;
  /** The time that each call waits before it is answered, in milliseconds. Default: 0. */
  latencyMs?: number;
}

/** A users service in memory. Disposing of it ends its calls and clients. */
export interface FakeUsers extends Omit<FakeServer<UserServiceDefinition>, "client"> {
  /** Makes a client, with all that the SDK's has. */
  client(options?: FakeClientOptions): UsersClient;
  /** The users that there are, in the order of their creation. */
  readonly users: readonly User[];
  /** Forgets the changes so far: a watch that comes back from before is OUT_OF_RANGE. */
  forgetChanges(): void;
}

const optionRules: RulesOf<FakeUsersOptions> = {
  users: rules.listOf(rules.anyObject, "users to create"),
  heartbeatMs: rules.positiveMilliseconds,
  latencyMs: rules.milliseconds(),
};

/** The most problems that an upload's summary lists. */
const MAX_UPLOAD_ERRORS = 1000;

/**
 * Makes a fake of the users service, in memory, for tests of what calls it. It keeps the contract: errors with their reasons and
 * details, unique emails, request ids, etags, filters, orders, pages, watches that resume, uploads and chat. It knows no limits of load:
 * what only those cause, such as WATCHER_TOO_SLOW, comes by `script`.
 *
 * @throws {TypeError | RangeError} if an option is not right.
 * @throws {Error} if one of the users cannot be created.
 */
export function createFakeUsers(options: FakeUsersOptions = {}): FakeUsers {
  checkOptions("createFakeUsers", options, optionRules);
  const { users = [], heartbeatMs = 15_000, latencyMs = 0 } = options;
  const log = new ChangeLog(heartbeatMs);
  const directory = new FakeDirectory(log);
  for (const { id, ...user } of users) directory.create(CreateUserRequest.fromPartial(user), id);
  const fake = createFakeServer(UserServiceDefinition, handlersOf(directory, log, new FakeChat()), {
    latencyMs,
  });
  const clients: UsersClient[] = [];
  const { client: _, ...server } = fake;
  return {
    ...server,
    client(clientOptions = {}) {
      const client = createUsersClient({ ...clientOptions, ...fake.connection });
      clients.push(client);
      return client;
    },
    get users() {
      return directory.users;
    },
    forgetChanges: () => log.forget(),
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.close();
      await fake[Symbol.asyncDispose]();
    },
  };
}

function handlersOf(
  directory: FakeDirectory,
  log: ChangeLog,
  chat: FakeChat,
): ServiceImplementation<UserServiceDefinition> {
  return {
    getUser: ({ id }) => answer(() => directory.get(id)),
    createUser: (request) => answer(() => directory.create(request)),
    updateUser: (request) => answer(() => directory.update(request)),
    deleteUser: (request) => answer(() => directory.delete(request)),
    listUsers: (request) => answer(() => directory.list(request)),
    watchUsers: (request, { signal }) => answers(() => log.watch(request, signal)),
    uploadUsers: (rows) => upload(directory, rows),
    chat(messages, context) {
      // Who only listens learns by the header that it is in.
      context.sendHeader();
      return answers(() => chat.join(messages, context.signal));
    },
  };
}

function answer<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw toStatus(error);
  }
}

async function* answers<T>(make: () => AsyncIterable<T>): AsyncGenerator<T, void> {
  try {
    yield* make();
  } catch (error) {
    throw toStatus(error);
  }
}

/** Creates what can be created of the rows; the rest is in the summary. */
async function upload(
  directory: FakeDirectory,
  rows: AsyncIterable<CreateUserRequest>,
): Promise<UploadSummary> {
  const summary: UploadSummary = { created: 0, failed: 0, errors: [] };
  let index = -1;
  for await (const row of rows) {
    index++;
    try {
      directory.create(row);
      summary.created++;
    } catch (error) {
      const violations = violationsOf(error);
      summary.failed++;
      for (const { field, description } of violations) {
        if (summary.errors.length < MAX_UPLOAD_ERRORS)
          summary.errors.push({ index, field, reason: description });
      }
    }
  }
  return summary;
}

/** What is wrong with a row that could not be created. @throws what is no fault of the row. */
function violationsOf(error: unknown): readonly Violation[] {
  if (error instanceof InvalidFields) return error.violations;
  if (error instanceof ServerError && error.code === Status.ALREADY_EXISTS) {
    return [{ field: "email", description: error.details }];
  }
  throw error;
}
