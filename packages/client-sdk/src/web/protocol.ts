import type { Metadata, Status } from "nice-grpc-common";
import type { RequestStream } from "./request-body.js";
import type { WebProtocol } from "./web-protocol.js";

/** The end of a response as the server has said it. */
export interface Ending {
  code: Status;
  message: string;
  trailer: Metadata;
}

/** A protocol that carries gRPC's calls over HTTP as `fetch` knows it. */
export interface Protocol extends WebProtocol {
  /** The media type of the envelopes, without the codec. */
  readonly mediaType: string;
  /** The media type of the one message that a call sends and gets without an envelope; undefined if all have envelopes. */
  readonly bareType?: string;
  /** The flag of the envelope that ends a response. */
  readonly endFlag: number;
  /** The header fields of each request. @param timeoutMs The time that is left; Infinity for no limit. */
  fields(timeoutMs: number): Record<string, string>;
  /**
   * Makes the body of a request of a source of messages; undefined if `fetch` of this runtime takes none. A protocol without this
   * streams no requests.
   *
   * @param encode What it throws has ended the call.
   * @param fail Is given what the source throws.
   */
  streamRequests?(
    source: unknown,
    encode: (message: unknown) => Uint8Array,
    fail: (error: unknown) => void,
  ): RequestStream | undefined;
  /** Reads the envelope that ends a response. Throws an Error if it is malformed. */
  readEnd(bytes: Uint8Array): Ending;
  /** Reads a response without envelopes that ends a call; undefined if it is none. */
  readError(
    httpStatus: number,
    trailer: Metadata,
    fields: { get(name: string): string | null },
    body: Uint8Array,
  ): Ending | undefined;
}
