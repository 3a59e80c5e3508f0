import {
  BadRequest,
  ErrorInfo,
  PreconditionFailure,
  QuotaFailure,
  ResourceInfo,
  RetryInfo,
  Status as RpcStatus,
} from "@callwire/contracts/google/rpc";
import { ClientError, Metadata, type CallOptions, type Status } from "nice-grpc-common";

const types = { BadRequest, ErrorInfo, PreconditionFailure, QuotaFailure, ResourceInfo, RetryInfo };

/** The details of an error, by the names of their types. */
export interface Details {
  BadRequest?: BadRequest;
  ErrorInfo?: ErrorInfo;
  PreconditionFailure?: PreconditionFailure;
  QuotaFailure?: QuotaFailure;
  ResourceInfo?: ResourceInfo;
  RetryInfo?: RetryInfo;
}

/** The google.rpc details of an encoded Status. */
export function decodeDetails(status: Uint8Array): Details {
  return Object.fromEntries(
    RpcStatus.decode(status).details.map(({ typeUrl, value }) => {
      const name = typeUrl.slice("type.googleapis.com/google.rpc.".length) as keyof typeof types;
      return [name, types[name].decode(value)];
    }),
  );
}

/** The failure of a call, as its client sees it. */
export interface Failure {
  code: Status;
  message: string;
  header: Metadata | undefined;
  trailer: Metadata;
  details: Details;
}

/** Makes a call that must fail; resolves to how it did. */
export async function failure(call: (options: CallOptions) => Promise<unknown>): Promise<Failure> {
  let header: Metadata | undefined;
  let trailer = Metadata();
  try {
    await call({ onHeader: (value) => (header = value), onTrailer: (value) => (trailer = value) });
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const status = trailer.get("grpc-status-details-bin");
    const details = status ? decodeDetails(status) : {};
    return { code: error.code, message: error.details, header, trailer, details };
  }
  throw new Error("the call succeeded");
}

/** Reads a response stream to its end. */
export async function drain<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}
