import type { Exchange } from "./exchange.js";

/** A field that names a media type (RFC 9110, section 8.3). */
export interface MediaType {
  /** In lower case, without parameters; empty if the field is not there. */
  readonly type: string;
  /** True unless a charset is named that is not UTF-8. */
  readonly isUtf8: boolean;
}

/** Reads a `content-type`. */
export function mediaTypeOf(value: string | undefined): MediaType {
  const [type = "", ...parameters] = (value ?? "").split(";").map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  return { type, isUtf8: charset === undefined || /^charset="?utf-?8"?$/.test(charset) };
}

/** The most characters of a type that an error shows. */
const MAX_SHOWN = 60;

/** What is wrong with a request's type that is not taken, as the end of an error. */
export function givenType(exchange: Exchange): string {
  const { type, isUtf8 } = mediaTypeOf(exchange.header("content-type"));
  if (!isUtf8) return "in UTF-8";
  return type === "" ? "and is missing" : `not ${type.slice(0, MAX_SHOWN)}`;
}
