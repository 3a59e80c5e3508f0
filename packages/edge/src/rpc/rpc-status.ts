import type { Metadata, ServerError } from "nice-grpc-common";
import { EdgeError } from "../errors/edge-error.js";
import { STATUS_DETAILS, statusBytesOf } from "../errors/status-json.js";

const NONE = new Uint8Array(0);

/**
 * The google.rpc.Status that goes with an error, as gRPC has it in its trailers; empty if there are no details. The edge's own refusals
 * have none unless middleware gives them some: gRPC's own are bare too.
 *
 * @param service ErrorInfo's domain, for an error that comes without details.
 */
export function rpcStatusBytes(
  error: ServerError,
  trailer: Metadata | undefined,
  service: string,
): Uint8Array {
  const given = trailer?.get(STATUS_DETAILS);
  if (given !== undefined) return given;
  return error instanceof EdgeError ? NONE : statusBytesOf(error, undefined, service);
}
