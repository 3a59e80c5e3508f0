import { STATUS_CODES } from "node:http";
import { prefers } from "../http/accept.js";
import type { JsonStatus } from "./status-json.js";

/** The media types of errors. */
export const JSON_TYPE = "application/json";
const PROBLEM_TYPE = "application/problem+json";

/** An error as AIP-193 has it: google.rpc.Status, with the HTTP status for its code, and the code's name. */
export function errorObject(httpStatus: number, { status, message, details }: JsonStatus): object {
  return { error: { code: httpStatus, message, status, ...(details.length > 0 && { details }) } };
}

/** An error as RFC 9457 has it, with the parts of google.rpc.Status beside. */
function problemObject(httpStatus: number, { status, message, details }: JsonStatus): object {
  return {
    // There is no page about it.
    type: "about:blank",
    title: STATUS_CODES[httpStatus] ?? status,
    status: httpStatus,
    detail: message,
    code: status,
    ...(details.length > 0 && { details }),
  };
}

/** The body of an error's answer. */
export function errorBody(
  httpStatus: number,
  status: JsonStatus,
  accept: string | undefined,
): { type: string; body: string } {
  const isProblem = prefers(accept, PROBLEM_TYPE, [JSON_TYPE]);
  const json = isProblem ? problemObject(httpStatus, status) : errorObject(httpStatus, status);
  return { type: isProblem ? PROBLEM_TYPE : JSON_TYPE, body: JSON.stringify(json) };
}
