import { EdgeError } from "../errors/edge-error.js";

/** The parameters of a request by GET. */
export interface ConnectQuery {
  /** A parameter as text; undefined if it is not there. */
  text(name: string): string | undefined;
  /** The bytes of the message. @throws {EdgeError} if there are none, or a parameter is there twice. */
  message(): Buffer;
}

/** The parameters that mean something; all others are passed over. */
const NAMES: ReadonlySet<string> = new Set(["base64", "compression", "connect", "encoding", "message"]);

/** The padding may be there or not; one character alone is no byte (RFC 4648, section 5). */
const URL_BASE64 = /^(?:[\w-]{4})*(?:[\w-]{2}(?:==)?|[\w-]{3}=?)?$/;

/** Reads the query of a request by GET (Connect, "Unary-Get-Request"). */
export function queryOf(query: string): ConnectQuery {
  const parameters = new Map<string, Buffer>();
  let twice: string | undefined;
  for (const part of query.split("&")) {
    if (part === "") continue;
    const mark = part.indexOf("=");
    const name = percentDecode(mark < 0 ? part : part.slice(0, mark)).toString();
    if (!NAMES.has(name)) continue;
    if (parameters.has(name)) twice = name;
    else parameters.set(name, percentDecode(mark < 0 ? "" : part.slice(mark + 1)));
  }
  const text = (name: string): string | undefined => parameters.get(name)?.toString();
  return {
    text,
    message() {
      // A proxy that looks at the request may take the other one.
      if (twice !== undefined) throw new EdgeError("BAD_PARAMETER", `the parameter ${twice} is there twice`);
      const bytes = parameters.get("message");
      if (bytes === undefined) throw new EdgeError("BAD_PARAMETER", "the parameter message is missing");
      if (text("base64") !== "1") return bytes;
      const base64 = bytes.toString("latin1");
      if (!URL_BASE64.test(base64))
        throw new EdgeError("BAD_PARAMETER", "message is not base64 of the alphabet for URLs");
      return Buffer.from(base64, "base64url");
    },
  };
}

/** The bytes of a name or a value: of a message in binary, they are no text. What is no percent-encoding stays as it is. */
function percentDecode(value: string): Buffer {
  const bytes = value
    .replaceAll("+", " ")
    .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1");
}
