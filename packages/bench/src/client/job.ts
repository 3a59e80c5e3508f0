import type { ChatFields, EventFields, NewUser, UserFields } from "../service/data.js";

/** The jobs of a client. */
export type JobKind =
  | "get"
  | "create"
  | "list"
  | "server-stream"
  | "client-stream"
  | "bidi"
  | "exchange"
  | "download"
  | "upload"
  | "watch"
  | "upload-rows"
  | "heap"
  | "beside";

/** A client program's jobs, in a list as JSON in its first argument; programs in other languages get the same. */
export interface Job {
  kind: JobKind;
  port: number;
  /** Path of the authority's certificate in PEM, if the server speaks TLS. */
  ca?: string | undefined;
  /** The number of calls, or streams, that run at once. */
  inFlight: number;
  connections: number;
  /** Bytes of a message, users of a page. */
  size: number;
  /** The number of different users that are asked for, from the first on. Default: 10, as their messages have all the same size. */
  users?: number;
  /** The kind of list that runs beside other calls. */
  list?: ListRequest;
  /**
   * The number of users that the server has, if it keeps new ones: each new one then gets an email of its own.
   * Default: the same few are created again and again.
   */
  keeps?: number;
  warmupMs: number;
  measureMs: number;
}

/** Which users are asked for, and how they are ordered, as the contract says it. */
export interface ListRequest {
  filter: string;
  orderBy: string;
  pageSize: number;
}

/** A client program's output at the end of a job. Every answer that is counted in it was checked. */
export interface JobResult {
  /** Calls, messages, events or bytes a second, whatever the kind counts. */
  rate: number;
  /** Of a call from its start to its answer, or of an event from its making to its arrival, in microseconds; 0 if not taken. */
  p50Us: number;
  p99Us: number;
  /** The client process's time on the CPU for each thing counted, in microseconds. */
  clientCpuUs: number;
  /** Of `beside`: the longest call, and the middle one of the lists, in microseconds. */
  maxUs?: number;
  listP50Us?: number;
  /** Of `beside`: the share of the lists that the server refused as too slow. */
  listsRefused?: number;
  /** Of `heap`: what lives in the client's heap at the end for each byte that lived at the start. */
  clientHeapRatio?: number;
}

/** Tells the measuring process that a stage is reached, and waits until it has looked at the server. */
export type Reach = (stage: "before" | "after") => Promise<void>;

/** A client's way to connect. */
export interface Connection {
  port: number;
  ca: Buffer | undefined;
  connections: number;
}

/** The operations of a peer's client, over one connection or a pool; an operation that the peer does not have is absent. */
export interface Operations {
  getUser?(id: string): Promise<UserFields>;
  createUser?(user: NewUser): Promise<UserFields>;
  listUsers?(pageSize: number): Promise<readonly UserFields[]>;
  /** That many events of the past. */
  replay?(count: number): AsyncIterable<EventFields>;
  /** A heartbeat, and then what happens. */
  watch?(): AsyncIterable<EventFields>;
  /** Resolves to how many were created. */
  uploadUsers?(rows: AsyncIterable<NewUser>): Promise<number>;
  /** The message that is sent comes back. */
  chat?(messages: AsyncIterable<ChatFields>): AsyncIterable<ChatFields>;
  /** One page; false if the server refuses because it would take too long. */
  tryList?(request: ListRequest): Promise<boolean>;
  /** The `index`th of calls of all kinds: answered, failed on purpose, cancelled. Every answer is checked. */
  mixed?(index: number): Promise<void>;
  exchange?(data: Buffer): Promise<Uint8Array>;
  /** Yields the sizes of what comes. */
  download?(size: number, count: number): AsyncIterable<number>;
  /** Resolves to how many bytes the server has counted. */
  upload?(data: Buffer, count: number): Promise<number>;
}

/** Calls `make` once for each connection: for peers that put all calls of a client on one. */
export function forEachConnection(count: number, make: () => Operations): Operations[] {
  return Array.from({ length: count }, make);
}
