// nice-grpc with the product's features, by middleware as its documentation writes them: request id, one line a call to a file,
// errors, Bearer; over the same store.
import { randomUUID } from "node:crypto";
import {
  createServer,
  ServerError,
  Status,
  type CallContext,
  type ServerMiddlewareCall,
  type ServiceImplementation,
} from "nice-grpc";
import type { Logger } from "pino";
import { UserServiceDefinition, type User } from "@callwire/contracts/users";
import { bearerToken } from "../../full/http-service.js";
import { fileLogger, openFull } from "../../full/open.js";
import type { OpenUsers, StoredUser } from "../../full/service.js";
import { serveFull } from "../../service/serve.js";

/** The error that goes out for each of the domain's errors. */
const CODES: Record<string, Status> = {
  "user-not-found": Status.NOT_FOUND,
  "email-taken": Status.ALREADY_EXISTS,
  "invalid-fields": Status.INVALID_ARGUMENT,
};

interface RequestIdContext {
  requestId: string;
}

function requestId() {
  return async function* nameRequest<Request, Response>(
    call: ServerMiddlewareCall<Request, Response, RequestIdContext>,
    context: CallContext,
  ) {
    const id = context.metadata.get("x-request-id") ?? randomUUID();
    context.header.set("x-request-id", id);
    return yield* call.next(call.request, { ...context, requestId: id });
  };
}

function logging(logger: Logger) {
  return async function* log<Request, Response>(
    call: ServerMiddlewareCall<Request, Response>,
    context: CallContext & RequestIdContext,
  ) {
    const began = performance.now();
    let code = Status.OK;
    try {
      return yield* call.next(call.request, context);
    } catch (error) {
      code = error instanceof ServerError ? error.code : Status.UNKNOWN;
      throw error;
    } finally {
      const fields = { "grpc.method": call.method.path, request_id: context.requestId, peer: context.peer };
      logger.info(
        { ...fields, "grpc.code": Status[code], "grpc.time_ms": performance.now() - began },
        "finished call",
      );
    }
  };
}

function errors(users: OpenUsers, logger: Logger) {
  return async function* toServerErrors<Request, Response>(
    call: ServerMiddlewareCall<Request, Response>,
    context: CallContext,
  ) {
    try {
      return yield* call.next(call.request, context);
    } catch (error) {
      if (error instanceof ServerError) throw error;
      const kind = users.kindOf(error);
      if (kind !== undefined && error instanceof Error) {
        throw new ServerError(CODES[kind] ?? Status.INVALID_ARGUMENT, error.message);
      }
      logger.error(error, "unexpected error");
      throw new ServerError(Status.INTERNAL, "internal error");
    }
  };
}

function auth(users: OpenUsers) {
  return async function* authenticate<Request, Response>(
    call: ServerMiddlewareCall<Request, Response, { subject: string }>,
    context: CallContext,
  ) {
    const caller = users.verify(bearerToken(context.metadata.get("authorization")));
    if (caller === undefined) throw new ServerError(Status.UNAUTHENTICATED, "the token is not valid");
    return yield* call.next(call.request, { ...context, subject: caller.subject });
  };
}

function handlers(
  users: OpenUsers,
): Pick<ServiceImplementation<UserServiceDefinition>, "getUser" | "createUser" | "listUsers"> {
  const message = (user: StoredUser): User => ({
    ...user,
    roles: [...user.roles],
    etag: users.etagOf(user),
  });
  return {
    async getUser({ id }) {
      return message(await users.directory.get(id));
    },
    async createUser(request) {
      return message(await users.directory.create(request));
    },
    async listUsers(request) {
      const page = await users.directory.list(request);
      return { ...page, users: page.users.map(message) };
    },
  };
}

await serveFull(async (full) => {
  const users = await openFull(full);
  const logger = fileLogger(full);
  const unimplemented = (): never => {
    throw new ServerError(Status.UNIMPLEMENTED, "not measured");
  };
  const server = createServer()
    .use(requestId())
    .use(logging(logger))
    .use(errors(users, logger))
    .use(auth(users));
  server.add(UserServiceDefinition, {
    ...handlers(users),
    updateUser: async () => unimplemented(),
    deleteUser: async () => unimplemented(),
    uploadUsers: async () => unimplemented(),
    // oxlint-disable-next-line require-yield
    watchUsers: async function* () {
      unimplemented();
    },
    // oxlint-disable-next-line require-yield
    chat: async function* () {
      unimplemented();
    },
  });
  return server.listen("127.0.0.1:0");
});
