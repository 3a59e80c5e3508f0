import {
  credentials,
  makeGenericClientConstructor,
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientWritableStream,
  type requestCallback,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import type {
  ChatMessage,
  CreateUserRequest,
  ListUsersResponse,
  User,
  UserEvent,
} from "@callwire/contracts/users";
import { forEachConnection, type Operations } from "../../client/job.js";
import { run } from "../../client/run.js";
import type {
  DownloadResponse,
  ExchangeResponse,
  UploadRequest,
  UploadResponse,
} from "../../gen/ts-proto/callwire/bench/v1/blob_service.js";
import { blobDefinition, usersDefinition } from "./definitions.js";

type Unary<Response> = (request: object, callback: requestCallback<Response>) => unknown;
type SendStream<Request, Response> = (callback: requestCallback<Response>) => ClientWritableStream<Request>;

/** grpc-js makes a client's methods when it runs: these are their types. */
interface UsersClient {
  getUser: Unary<User>;
  createUser: Unary<User>;
  listUsers: Unary<ListUsersResponse>;
  watchUsers(request: object): ClientReadableStream<UserEvent>;
  uploadUsers: SendStream<CreateUserRequest, { created: number }>;
  chat(): ClientDuplexStream<ChatMessage, ChatMessage>;
}

interface BlobClient {
  exchange: Unary<ExchangeResponse>;
  download(request: object): ClientReadableStream<DownloadResponse>;
  upload: SendStream<UploadRequest, UploadResponse>;
}

function makeClient(definition: ServiceDefinition, port: number, ca: Buffer | undefined): Client {
  const security = ca === undefined ? credentials.createInsecure() : credentials.createSsl(ca);
  const Constructor = makeGenericClientConstructor(definition, "");
  // Channels to one address share a connection unless told otherwise.
  const options = { "grpc.use_local_subchannel_pool": 1 };
  return new Constructor(`127.0.0.1:${port}`, security, options);
}

/** A method as a function that returns a promise. */
function promised<Response>(method: Unary<Response>): (request: object) => Promise<Response> {
  return (request) =>
    new Promise((resolve, reject) => {
      method(request, (error, response) => (error ? reject(error) : resolve(response!)));
    });
}

/** Writes as long as the stream takes it, and goes on when it drains. */
async function writeAll<T>(call: ClientWritableStream<T>, messages: AsyncIterable<T>): Promise<void> {
  for await (const message of messages) {
    if (call.write(message)) continue;
    await new Promise((resolve) => {
      call.once("drain", resolve);
    });
  }
  call.end();
}

function sendAll<Request, Response>(
  begin: SendStream<Request, Response>,
  messages: AsyncIterable<Request>,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const call = begin((error, response) => (error ? reject(error) : resolve(response!)));
    writeAll(call, messages).catch(reject);
  });
}

async function* repeated<T>(value: T, count: number): AsyncGenerator<T, void, undefined> {
  for (let sent = 0; sent < count; sent++) yield value;
}

function operations(port: number, ca: Buffer | undefined): Operations {
  const users = makeClient(usersDefinition, port, ca) as unknown as UsersClient;
  const blobs = makeClient(blobDefinition, port, ca) as unknown as BlobClient;
  const getUser = promised(users.getUser.bind(users));
  const createUser = promised(users.createUser.bind(users));
  const listUsers = promised(users.listUsers.bind(users));
  const exchange = promised(blobs.exchange.bind(blobs));
  return {
    getUser: (id) => getUser({ id }),
    createUser: (user) => createUser(user),
    listUsers: async (pageSize) =>
      (await listUsers({ pageSize, pageToken: "", filter: "", orderBy: "" })).users,
    replay: (count) => users.watchUsers({ departments: [], resumeToken: String(count) }),
    watch: () => users.watchUsers({ departments: [], resumeToken: "" }),
    uploadUsers: async (rows) => (await sendAll(users.uploadUsers.bind(users), rows)).created,
    chat(messages) {
      const call = users.chat();
      const full = async function* () {
        for await (const message of messages) yield { ...message, room: "", id: "", sentAt: undefined };
      };
      writeAll(call, full()).catch((error: unknown) => call.destroy(error as Error));
      return call;
    },
    exchange: async (data) => (await exchange({ data })).data,
    async *download(size, count) {
      for await (const { data } of blobs.download({ size, count }) as AsyncIterable<DownloadResponse>) {
        yield data.length;
      }
    },
    upload: async (data, count) =>
      Number((await sendAll(blobs.upload.bind(blobs), repeated({ data }, count))).size),
  };
}

await run(({ port, ca, connections }) => forEachConnection(connections, () => operations(port, ca)));
