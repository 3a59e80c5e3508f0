import {
  CreateUserRequest,
  DeleteUserRequest,
  GetUserRequest,
  ListUsersRequest,
  ListUsersResponse,
  UpdateUserRequest,
  UploadSummary,
  User,
  UserEvent,
  WatchRequest,
} from "@callwire/contracts/users";
import { mustHold, resultOf, type FuzzTarget, type PieceForm } from "@callwire/testkit/fuzz/fuzz-target";
import type { CallContext } from "nice-grpc-common";
import { ChangeFeed } from "../../domain/change-feed.js";
import { ChatRooms } from "../../domain/chat-rooms.js";
import { Directory } from "../../domain/directory.js";
import { isDomainError } from "../../domain/errors.js";
import { toEventMessage } from "../../handlers/convert.js";
import { userService } from "../../handlers/user-service.js";
import { MemoryUserStore } from "../../storage/memory-user-store.js";

/** Calls of a service that is new for each input: for each a byte that chooses the method, the length and the message. */
const calls: PieceForm = {
  split(input) {
    const pieces: Buffer[] = [];
    for (let at = 0; at < input.length; at += pieces.at(-1)!.length) {
      pieces.push(input.subarray(at, at + 2 + (input[at + 1] ?? 0)));
    }
    return pieces;
  },
  mend(piece) {
    const mended = Buffer.from(piece.subarray(0, 2 + 255));
    if (mended.length >= 2) mended[1] = mended.length - 2;
    return mended;
  },
};

/** Calls of the users service, with any messages: each is answered, or fails as the contract says. */
export const usersCalls: FuzzTarget = {
  name: "users-calls",
  about: "calls of the users service, with any messages",
  covers: ["/domain/", "/handlers/", "/storage/memory-user-store.ts"],
  maxBytes: 1500,
  seeds,
  dictionary: [
    "a@b.c",
    "550e8400-e29b-41d4-a716-446655440000",
    "name",
    "update_mask",
    "ENGINEERING",
    Buffer.of(0),
    Buffer.of(0xed, 0xa0, 0x80),
  ],
  pieces: calls,
  maxSteps: { base: 100_000, perByte: 3000 },
  open: () => ({ run: callAll }),
};

function call(method: number, message: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(method, message.length), message]);
}

function seeds(): Buffer[] {
  const user = { name: "Ann", email: "a@b.c", age: 30, department: 1, roles: ["admin"] } as const;
  const create = (more: object = {}): Uint8Array =>
    CreateUserRequest.encode(
      CreateUserRequest.fromPartial({ ...user, roles: [...user.roles], ...more }),
    ).finish();
  const update = UpdateUserRequest.fromPartial({ user: { id: FIRST_ID, name: "B" }, updateMask: ["name"] });
  return [
    [call(0, create()), call(0, create()), call(1, GetUserRequest.encode({ id: FIRST_ID }).finish())],
    [
      call(0, create({ requestId: "r" })),
      call(0, create({ requestId: "r" })),
      call(2, UpdateUserRequest.encode(update).finish()),
    ],
    [call(0, create()), call(3, DeleteUserRequest.encode({ id: FIRST_ID, etag: "" }).finish())],
    [
      call(0, create()),
      call(
        4,
        ListUsersRequest.encode(
          ListUsersRequest.fromPartial({ pageSize: 1, orderBy: "age", filter: "age>3" }),
        ).finish(),
      ),
    ],
    [
      call(6, create({ email: "bad" })),
      call(5, WatchRequest.encode(WatchRequest.fromPartial({ departments: ["SALES"] })).finish()),
    ],
  ].map((parts) => Buffer.concat(parts));
}

/** Ids count from 1, so that inputs can name them. */
const FIRST_ID = "id-1";

/** A call and its answer; undefined if the message cannot be read. */
interface Handled {
  answer: unknown;
  encode(answer: never): { finish(): Uint8Array };
}

type Handlers = ReturnType<typeof userService>;

const methods: readonly ((
  handlers: Handlers,
  message: Buffer,
  context: CallContext,
) => Handled | undefined)[] = [
  (handlers, message, context) =>
    handle(CreateUserRequest, message, User, (request) => handlers.createUser(request, context)),
  (handlers, message, context) =>
    handle(GetUserRequest, message, User, (request) => handlers.getUser(request, context)),
  (handlers, message, context) =>
    handle(UpdateUserRequest, message, User, (request) => handlers.updateUser(request, context)),
  (handlers, message, context) =>
    handle(DeleteUserRequest, message, User, (request) => handlers.deleteUser(request, context)),
  (handlers, message, context) =>
    handle(ListUsersRequest, message, ListUsersResponse, (request) => handlers.listUsers(request, context)),
  (handlers, message, context) =>
    handle(WatchRequest, message, UserEvent, async (request) => {
      for await (const event of handlers.watchUsers(request, context)) return event;
      return {};
    }),
  (handlers, message, context) =>
    handle(CreateUserRequest, message, UploadSummary, (request) =>
      handlers.uploadUsers(upload(request), context),
    ),
];

async function* upload(request: CreateUserRequest): AsyncGenerator<CreateUserRequest, void, undefined> {
  for (let i = 0; i < 3; i++) yield request;
}

function handle<Request, Response>(
  type: { decode(bytes: Uint8Array): Request },
  message: Buffer,
  answerType: { fromPartial(partial: never): Response; encode(answer: Response): { finish(): Uint8Array } },
  handler: (request: Request) => unknown,
): Handled | undefined {
  const request = resultOf(
    () => type.decode(message),
    () => true,
  );
  if (request === undefined) return undefined;
  return {
    answer: (async () => handler(request.value))(),
    encode: (answer) => answerType.encode(answerType.fromPartial(answer)),
  };
}

async function callAll(input: Buffer): Promise<void> {
  const store = new MemoryUserStore();
  const feed = new ChangeFeed({ store, present: toEventMessage });
  let made = 0;
  const directory = new Directory({ store, feed, newId: () => `id-${++made}` });
  const handlers = userService({ directory, chat: new ChatRooms() });
  const context = { signal: new AbortController().signal } as CallContext;
  try {
    for (const piece of calls.split(input)) {
      const handled = methods[(piece[0] ?? 0) % methods.length]!(handlers, piece.subarray(2), context);
      if (handled === undefined) continue;
      try {
        const answer = await handled.answer;
        mustHold(handled.encode(answer as never).finish().length >= 0, "the answer cannot be sent");
      } catch (error) {
        if (!isDomainError(error)) throw error;
        mustHold(error.message.length < 10_000, "the error repeats what it was given");
      }
    }
    await checkList(directory);
  } finally {
    await store.close();
  }
}

/** All pages together have all users, once each. */
async function checkList(directory: Directory<UserEvent>): Promise<void> {
  const ids = new Set<string>();
  const request = { pageSize: 2, filter: "", orderBy: "name desc, email" };
  const caller = { signal: new AbortController().signal };
  for (let pageToken = ""; ;) {
    const { users, nextPageToken, totalCount } = await directory.list({ ...request, pageToken }, caller);
    for (const { id } of users) {
      mustHold(!ids.has(id), "a user is listed twice");
      ids.add(id);
    }
    pageToken = nextPageToken;
    if (pageToken !== "") continue;
    mustHold(ids.size === totalCount, `${ids.size} users are listed, and ${totalCount} are counted`);
    return;
  }
}
