// @grpc/grpc-js with its defaults, written with callbacks and streams as its own examples are.
import { promisify } from "node:util";
import {
  Server,
  ServerCredentials,
  status,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerWritableStream,
  type handleUnaryCall,
  type sendUnaryData,
} from "@grpc/grpc-js";
import type {
  ChatMessage,
  CreateUserRequest,
  GetUserRequest,
  ListUsersRequest,
  ListUsersResponse,
  UploadSummary,
  User,
  UserEvent,
  WatchRequest,
} from "@callwire/contracts/users";
import type {
  DownloadRequest,
  DownloadResponse,
  ExchangeRequest,
  ExchangeResponse,
  UploadRequest,
  UploadResponse,
} from "../../gen/ts-proto/callwire/bench/v1/blob_service.js";
import { blob } from "../../service/data.js";
import { Directory, replayCount } from "../../service/directory.js";
import { serve } from "../../service/serve.js";
import { blobDefinition, usersDefinition } from "./definitions.js";

const directory = new Directory();

const getUser: handleUnaryCall<GetUserRequest, User> = ({ request }, callback) => {
  const user = directory.get(request.id);
  if (user === undefined) callback({ code: status.NOT_FOUND, details: "no such user" });
  else callback(null, user);
};

const createUser: handleUnaryCall<CreateUserRequest, User> = ({ request }, callback) => {
  callback(null, directory.create(request));
};

const listUsers: handleUnaryCall<ListUsersRequest, ListUsersResponse> = ({ request }, callback) => {
  const users = directory.page(request.pageSize);
  callback(null, { users, nextPageToken: "", totalCount: directory.users.length });
};

function watchUsers(call: ServerWritableStream<WatchRequest, UserEvent>): void {
  const count = replayCount(call.request.resumeToken);
  if (count !== undefined) {
    writeAll(call, directory.replay(count));
    return;
  }
  const unsubscribe = directory.log.subscribe((event) => call.write(event));
  call.on("cancelled", unsubscribe);
}

function uploadUsers(
  call: ServerReadableStream<CreateUserRequest, UploadSummary>,
  callback: sendUnaryData<UploadSummary>,
): void {
  let created = 0;
  call.on("data", (row: CreateUserRequest) => {
    if (row.name !== "") created++;
  });
  call.on("end", () => callback(null, { created, failed: 0, errors: [] }));
}

function chat(call: ServerDuplexStream<ChatMessage, ChatMessage>): void {
  call.on("data", (message: ChatMessage) => {
    if (call.write(message)) return;
    call.pause();
    call.once("drain", () => call.resume());
  });
  call.on("end", () => call.end());
}

const exchange: handleUnaryCall<ExchangeRequest, ExchangeResponse> = ({ request }, callback) => {
  callback(null, { data: request.data });
};

function download(call: ServerWritableStream<DownloadRequest, DownloadResponse>): void {
  const { size, count } = call.request;
  writeAll(call, repeated({ data: blob(size) }, count));
}

function upload(
  call: ServerReadableStream<UploadRequest, UploadResponse>,
  callback: sendUnaryData<UploadResponse>,
): void {
  let size = 0;
  call.on("data", ({ data }: UploadRequest) => {
    size += data.length;
  });
  call.on("end", () => callback(null, { size: BigInt(size) }));
}

function* repeated<T>(value: T, count: number): Generator<T, void, undefined> {
  for (let index = 0; index < count; index++) yield value;
}

/** Writes as long as the stream takes it, and goes on when it drains. */
function writeAll<T>(call: ServerWritableStream<unknown, T>, messages: Iterator<T>): void {
  for (;;) {
    const { done, value } = messages.next();
    if (done === true) {
      call.end();
      return;
    }
    if (!call.write(value)) {
      call.once("drain", () => writeAll(call, messages));
      return;
    }
  }
}

await serve(async (tls) => {
  const server = new Server();
  server.addService(usersDefinition, { getUser, createUser, listUsers, watchUsers, uploadUsers, chat });
  server.addService(blobDefinition, { exchange, download, upload });
  const credentials = tls
    ? ServerCredentials.createSsl(null, [{ private_key: tls.key, cert_chain: tls.cert }])
    : ServerCredentials.createInsecure();
  const bind = promisify(server.bindAsync.bind(server));
  return bind("127.0.0.1:0", credentials);
});
