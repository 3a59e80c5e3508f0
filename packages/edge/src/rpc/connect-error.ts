import { Status, type Metadata, type ServerError } from "nice-grpc-common";
import { detailsOf } from "../errors/status-json.js";
import { rpcStatusBytes } from "./rpc-status.js";

/** An error as Connect writes it in JSON. */
export interface ConnectError {
  readonly code: string;
  readonly message?: string;
  readonly details?: readonly { readonly type: string; readonly value: string }[];
}

/**
 * An error in Connect's form (connectrpc.com/docs/protocol, "Error end-stream").
 *
 * @param service ErrorInfo's domain, for an error that comes without details.
 */
export function connectError(
  error: ServerError,
  trailer: Metadata | undefined,
  service: string,
): ConnectError {
  const details = detailsOf(rpcStatusBytes(error, trailer, service)).map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value: Buffer.from(value).toString("base64").replace(/=+$/, ""),
  }));
  return {
    code: codeNames[error.code] ?? "unknown",
    ...(error.details !== "" && { message: error.details }),
    ...(details.length > 0 && { details }),
  };
}

const codeNames: Readonly<Record<number, string>> = {
  ...Object.fromEntries(
    Object.entries(Status).flatMap(([name, code]) =>
      typeof code === "number" ? [[code, name.toLowerCase()]] : [],
    ),
  ),
  // The one that Connect spells its own way.
  [Status.CANCELLED]: "canceled",
};
