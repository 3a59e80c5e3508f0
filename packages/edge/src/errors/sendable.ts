import { ServerError, Status } from "nice-grpc-common";
import { reportFault } from "../internal/report-fault.js";

/** What may be shown of what was thrown: calls throw nothing else than a ServerError, and mistakes of ours say nothing. */
export function sendable(thrown: unknown): ServerError {
  if (thrown instanceof ServerError) return thrown;
  reportFault(thrown);
  return new ServerError(Status.INTERNAL, "internal error");
}
