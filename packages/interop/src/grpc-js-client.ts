import { promisify } from "node:util";
import {
  credentials,
  loadPackageDefinition,
  type ChannelCredentials,
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  type requestCallback,
  type ServiceClientConstructor,
} from "@grpc/grpc-js";
import type { PackageDefinition } from "@grpc/proto-loader";

/** A message as @grpc/proto-loader gives it. */
export interface User {
  id: string;
  name: string;
  email: string;
  age: number;
  department: string;
  roles: string[];
  created_at: { seconds: string; nanos: number } | null;
}

/** One page of users. */
export interface UserPage {
  users: User[];
  next_page_token: string;
  total_count: number;
}

/** One change. */
export interface UserEvent {
  event_type: string;
  user: User;
}

/** One line of the chat. */
export interface ChatMessage {
  sender: string;
  content: string;
}

/** The result of an upload. */
export interface UploadSummary {
  created: number;
  failed: number;
}

type Unary<Response> = (request: object, callback: requestCallback<Response>) => ClientUnaryCall;

/** The client that grpc-js makes at run time of the seed's contract; messages are plain objects. */
export interface GrpcJsClient extends Client {
  getUser: Unary<User>;
  createUser: Unary<User>;
  listUsers: Unary<UserPage>;
  watchUsers(request: object): ClientReadableStream<UserEvent>;
  uploadUsers(callback: requestCallback<UploadSummary>): ClientWritableStream<object>;
  chat(): ClientDuplexStream<object, ChatMessage>;
}

/** Makes a client of users.UserService of a contract that was loaded at run time. */
export function grpcJsClient(
  contract: PackageDefinition,
  address: string,
  security: ChannelCredentials = credentials.createInsecure(),
): GrpcJsClient {
  const { users } = loadPackageDefinition(contract);
  const UserService = (users as Record<string, unknown>)["UserService"] as ServiceClientConstructor;
  return new UserService(address, security) as unknown as GrpcJsClient;
}

/** A unary call as a promise; it rejects with grpc-js's ServiceError. */
export function unary<Response>(
  client: GrpcJsClient,
  method: (this: GrpcJsClient, request: object, callback: requestCallback<Response>) => ClientUnaryCall,
  request: object,
): Promise<Response | undefined> {
  return promisify(method.bind(client, request))();
}
