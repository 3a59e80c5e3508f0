import { EdgeError } from "../errors/edge-error.js";

/** The parameters of a request by GET. */
export interface ConnectQuery {
  /** A parameter as text; undefined if it is not there. */
  text(name: string): string | undefined;
  /** The bytes of the message. @throws {EdgeError} */
  message(): Buffer;
}

/** The padding may be there or not; one character alone is no byte (RFC 4648, section 5). */
const URL_BASE64 = /^(?:[\w-]{4})*(?:[\w-]{2}(?:==)?|[\w-]{3}=?)?$/;

/** Reads the query of a request by GET (Connect, "Unary-Get-Request"). */
export function queryOf(query: string): ConnectQuery {
  const parameters = new Map<string, string>();
  for (const part of query.split("&")) {
    const mark = part.indexOf("=");
    if (mark > 0) parameters.set(part.slice(0, mark), part.slice(mark + 1));
  }
  const text = (name: string): string | undefined => {
    const value = parameters.get(name);
    return value === undefined ? undefined : percentDecode(value).toString();
  };
  return {
    text,
    message() {
      const value = parameters.get("message");
      if (value === undefined) throw new EdgeError("BAD_PARAMETER", "the parameter message is missing");
      const bytes = percentDecode(value);
      if (text("base64") !== "1") return bytes;
      const base64 = bytes.toString("latin1");
      if (!URL_BASE64.test(base64))
        throw new EdgeError("BAD_PARAMETER", "message is not base64 of the alphabet for URLs");
      return Buffer.from(base64, "base64url");
    },
  };
}

/** The bytes of a value: of a message in binary, they are no text. What is no percent-encoding stays as it is. */
function percentDecode(value: string): Buffer {
  const bytes = value
    .replaceAll("+", " ")
    .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1");
}
