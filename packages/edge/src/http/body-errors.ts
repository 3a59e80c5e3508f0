import { EdgeError } from "../errors/edge-error.js";

export function tooLarge(maxBytes: number): EdgeError {
  return new EdgeError("BODY_TOO_LARGE", `the body has more than ${maxBytes} bytes`);
}

export function tooSlow(timeoutMs: number): EdgeError {
  return new EdgeError("BODY_TOO_SLOW", `the body did not arrive within ${timeoutMs} ms`);
}

export function brokenOff(): EdgeError {
  return new EdgeError("BODY_BROKEN_OFF", "the body was broken off");
}
