import type { ServerError } from "nice-grpc-common";
import type { Answered } from "../serve/answer.js";
import type { RpcProtocol } from "./protocols.js";

/** One call as a protocol carries it: its request in a body or a query, its responses and its status in the answer. */
export interface Carrier {
  readonly protocol: RpcProtocol;
  /** The time that the client waits, in milliseconds; undefined for ever. @throws {EdgeError} if it is malformed. */
  timeoutMs(): number | undefined;
  /** The request of a call that was admitted: a message, or a stream of them. @throws {ServiceError} */
  read(): unknown;
  /** The bytes of a response. */
  encode(message: unknown): Uint8Array;
  /** Sends the head before the first response, if the protocol can. */
  begin(call: Answered): void;
  /** Sends a response; a promise if the client must take some of it first. */
  send(message: Uint8Array, call: Answered): Promise<void> | undefined;
  /**
   * Ends the answer.
   *
   * @param call Undefined if it never began.
   * @param error Undefined if it went well.
   */
  end(call: Answered | undefined, error: ServerError | undefined): Promise<void>;
}
