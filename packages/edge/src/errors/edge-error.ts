import { ServiceError } from "@callwire/server-kit";
import { Status } from "nice-grpc-common";

/** What the edge itself refuses: HTTP has a status for it, and gRPC has a code. */
const refusals = {
  BAD_PATH: [400, Status.INVALID_ARGUMENT],
  BAD_HEADER: [400, Status.INVALID_ARGUMENT],
  BAD_ENVELOPE: [400, Status.INVALID_ARGUMENT],
  BAD_PARAMETER: [400, Status.INVALID_ARGUMENT],
  NOT_ONE_MESSAGE: [400, Status.UNIMPLEMENTED],
  ENCODING_MISSING: [400, Status.INTERNAL],
  ENCODING_NOT_KNOWN: [415, Status.UNIMPLEMENTED],
  BODY_NOT_TAKEN: [400, Status.INVALID_ARGUMENT],
  BODY_BROKEN_OFF: [400, Status.CANCELLED],
  BODY_CODING_BROKEN: [400, Status.INVALID_ARGUMENT],
  MESSAGE_MALFORMED: [400, Status.INVALID_ARGUMENT],
  PRECONDITION_NOT_TAKEN: [400, Status.INVALID_ARGUMENT],
  TOO_MANY_PARAMETERS: [400, Status.INVALID_ARGUMENT],
  ORIGIN_NOT_ALLOWED: [403, Status.PERMISSION_DENIED],
  ROUTE_NOT_FOUND: [404, Status.NOT_FOUND],
  RPC_NOT_FOUND: [404, Status.UNIMPLEMENTED],
  METHOD_NOT_ALLOWED: [405, Status.UNIMPLEMENTED],
  CODING_NOT_OFFERED: [406, Status.INVALID_ARGUMENT],
  BODY_TOO_SLOW: [408, Status.DEADLINE_EXCEEDED],
  PRECONDITION_FAILED: [412, Status.ABORTED],
  BODY_TOO_LARGE: [413, Status.RESOURCE_EXHAUSTED],
  URL_TOO_LONG: [414, Status.INVALID_ARGUMENT],
  MEDIA_TYPE_NOT_TAKEN: [415, Status.INVALID_ARGUMENT],
  CODING_NOT_TAKEN: [415, Status.INVALID_ARGUMENT],
  HOST_NOT_SERVED: [421, Status.PERMISSION_DENIED],
  HEADERS_TOO_LARGE: [431, Status.RESOURCE_EXHAUSTED],
  TOO_MUCH_BUFFERED: [503, Status.RESOURCE_EXHAUSTED],
  WEBSOCKET_NOT_SERVED: [501, Status.UNIMPLEMENTED],
  TRANSFER_CODING_NOT_TAKEN: [501, Status.UNIMPLEMENTED],
  VERSION_NOT_SERVED: [505, Status.UNIMPLEMENTED],
} as const satisfies Record<string, readonly [httpStatus: number, code: Status]>;

/** Why the edge refuses a request: ErrorInfo's reason. */
export type EdgeReason = keyof typeof refusals;

/** A request that the edge refuses by itself. It passes the middleware like any error, if its method is known. */
export class EdgeError extends ServiceError {
  readonly httpStatus: number;
  /** More header fields of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(reason: EdgeReason, message: string, headers: Readonly<Record<string, string>> = {}) {
    const [httpStatus, code] = refusals[reason];
    super({ code, message, reason });
    this.name = "EdgeError";
    this.httpStatus = httpStatus;
    this.headers = headers;
  }
}
