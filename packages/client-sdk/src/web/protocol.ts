import type { Metadata, Status } from "nice-grpc-common";

/** The end of a response as the server has said it. */
export interface Ending {
  code: Status;
  message: string;
  trailer: Metadata;
}

/** A protocol that carries gRPC's calls over HTTP as `fetch` knows it. */
export interface Protocol {
  /** The media type of the envelopes, without the codec. */
  readonly mediaType: string;
  /** The media type of the one message that a call sends and gets without an envelope; undefined if all have envelopes. */
  readonly bareType?: string;
  /** True if requests can be streamed. */
  readonly streamsRequests: boolean;
  /** The flag of the envelope that ends a response. */
  readonly endFlag: number;
  /** The header fields of each request. */
  fields(timeoutMs: number | undefined): Record<string, string>;
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
