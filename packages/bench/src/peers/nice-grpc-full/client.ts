// nice-grpc with its own middleware packages: retry and deadline, and a request id and a token as its documentation sets
// metadata.
import { randomUUID } from "node:crypto";
import {
  createChannel,
  createClientFactory,
  Metadata,
  type CallOptions,
  type ClientMiddlewareCall,
} from "nice-grpc";
import { deadlineMiddleware } from "nice-grpc-client-middleware-deadline";
import { retryMiddleware } from "nice-grpc-client-middleware-retry";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { forEachConnection, type Operations } from "../../client/job.js";
import { run } from "../../client/run.js";
import { TOKEN } from "../../full/settings.js";

const TIMEOUT_MS = 30_000;

function identity() {
  return async function* addIdentity<Request, Response>(
    call: ClientMiddlewareCall<Request, Response>,
    options: CallOptions,
  ) {
    const metadata = Metadata(options.metadata)
      .set("x-request-id", randomUUID())
      .set("authorization", `Bearer ${TOKEN}`);
    return yield* call.next(call.request, { ...options, metadata });
  };
}

function operations(port: number): Operations {
  const channel = createChannel(`127.0.0.1:${port}`, undefined, { "grpc.use_local_subchannel_pool": 1 });
  // The last is the outermost: one time-out over all attempts.
  const users = createClientFactory()
    .use(retryMiddleware)
    .use(deadlineMiddleware)
    .use(identity())
    .create(UserServiceDefinition, channel);
  const options = () => ({ deadline: new Date(Date.now() + TIMEOUT_MS) });
  return {
    getUser: (id) => users.getUser({ id }, options()),
    createUser: (user) =>
      users.createUser({ ...user, requestId: randomUUID() }, { ...options(), retry: true }),
    listUsers: async (pageSize) => (await users.listUsers({ pageSize }, options())).users,
  };
}

await run(({ port, connections }) => forEachConnection(connections, () => operations(port)));
