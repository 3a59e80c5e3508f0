import { looseText, mustHold, resultOf, type FuzzTarget } from "@callwire/testkit/fuzz/fuzz-target";
import { responseHead } from "../../client/response-head.js";
import { countBinaryValues, LazyMetadata, toFields } from "../../grpc/metadata.js";
import { decodeStatusMessage, encodeStatusMessage, MAX_STATUS_MESSAGE_BYTES } from "../../grpc/status.js";
import { formatTimeout, parseTimeout } from "../../grpc/timeout.js";
import { isValidName, isValidValue } from "../../hpack/field-rules.js";
import { HeaderList } from "../../hpack/header-list.js";
import { parseContentLength } from "../../http2/content-length.js";
import { ConnectionError, StreamError } from "../../http2/errors.js";
import { PeerSettings } from "../../http2/settings.js";
import { requestHead } from "../../server/request-head.js";
import type { ServerMethod } from "../../server/server-method.js";
import { settings } from "../raw-peer.js";
import { entries } from "./pieces.js";

const isStreamError = (error: unknown): boolean => error instanceof StreamError;

/** Fields of a request or a response, one a line. */
export const headerFields: FuzzTarget = {
  name: "header-fields",
  about: "the fields of requests and responses",
  covers: [
    "request-head.ts",
    "response-head.ts",
    "/field-names.ts",
    "/metadata.ts",
    "/timeout.ts",
    "/compression.ts",
  ],
  maxBytes: 1024,
  isText: true,
  seeds: () => [
    ":method:POST\n:scheme:http\n:path:/a.B/C\n:authority:localhost\nte:trailers\ncontent-type:application/grpc+proto\ngrpc-timeout:1S\ngrpc-accept-encoding:gzip\nx-bin:AQID,BA==\nx:y",
    ":status:200\ncontent-type:application/grpc\ngrpc-encoding:gzip\ngrpc-status:5\ngrpc-message:no %C3%A9\ncontent-length:7",
    ":method:GET\n:path:/\nhost:a\nconnection:close\ncontent-type:application/json",
  ],
  dictionary: [
    ":method:",
    ":path:/a.B/C",
    ":authority:",
    ":status:200",
    "te:trailers",
    "content-type:application/grpc",
    "application/grpc-web",
    "grpc-timeout:",
    "grpc-encoding:gzip",
    "grpc-accept-encoding:",
    "grpc-status:",
    "grpc-message:",
    "content-length:",
    "connection:close",
    "transfer-encoding:",
    "host:",
    "-bin:",
    "99999999H",
    "identity",
    "\n",
    ",",
    "%00",
    "==",
  ],
  maxSteps: { base: 20_000, perByte: 600 },
  open: () => ({ run: readHeads }),
};

const methods = new Map([["/a.B/C", {} as ServerMethod]]);

function readHeads(input: Buffer): void {
  const fields = input
    .toString("latin1")
    .split("\n")
    .flatMap((line) => {
      const colon = line.indexOf(":", 1);
      return colon < 0 ? [] : [line.slice(0, colon), line.slice(colon + 1)];
    });
  const list = (): HeaderList => {
    const isMalformed = fields.some((text, i) => !(i % 2 === 0 ? isValidName(text) : isValidValue(text)));
    return new HeaderList(
      fields,
      fields.reduce((sum, text) => sum + text.length + 16, 0),
      false,
      isMalformed,
    );
  };
  const request = resultOf(() => requestHead(list(), methods), isStreamError)?.value;
  if (request !== undefined) {
    const { timeoutMs, contentLength, refusal } = request;
    mustHold(
      timeoutMs === undefined || (timeoutMs >= 0 && timeoutMs < Infinity),
      `a timeout of ${timeoutMs} ms`,
    );
    mustHold(
      contentLength === undefined || Number.isSafeInteger(contentLength),
      `a length of ${contentLength}`,
    );
    mustHold(refusal !== undefined || request.method !== undefined, "a call without a method is served");
    mustHold(
      refusal === undefined || isValidValue(encodeStatusMessage(refusal.message)),
      "a refusal that cannot be sent",
    );
  }
  const response = resultOf(() => responseHead(list()), isStreamError)?.value;
  mustHold(response?.status === undefined || Number.isInteger(response.status), "a status that is no code");
  const metadata = new LazyMetadata(list());
  for (const [name, values] of metadata) {
    mustHold(values.length > 0 && metadata.has(name), `${name} is there, and is not`);
    mustHold(String(metadata.get(name)) === String(values[0]), `${name} has another value alone`);
  }
}

/** The text of a status, percent-encoded. */
export const statusMessage: FuzzTarget = {
  name: "status-message",
  about: "grpc-message: percent decoding, and encoding of any text",
  covers: ["/grpc/status.ts"],
  maxBytes: 20_000,
  isText: true,
  seeds: () => ["plain", "%C3%A9%20%", "é%4", "%zz%00", " white space ", "a\nb", "%".repeat(8192)],
  dictionary: ["%", "%25", "%C3", "%A9", "%F0%9F", "é", "😀", Buffer.of(0xed, 0xa0, 0x80)],
  maxSteps: { base: 1000, perByte: 100 },
  open: () => ({
    run(input) {
      const received = decodeStatusMessage(input.toString("latin1"));
      mustHold(received.length <= input.length, "a message has grown");
      const text = looseText(input);
      const sent = encodeStatusMessage(text);
      mustHold(/^[ -~]*$/.test(sent) && isValidValue(sent.trim()), "what is sent is not printable");
      mustHold(sent.length <= MAX_STATUS_MESSAGE_BYTES, `${sent.length} bytes are sent`);
      const whole = Buffer.from(text).toString();
      const arrived = decodeStatusMessage(sent);
      // A message that is cut may end inside a character.
      if (3 * Buffer.byteLength(whole) <= MAX_STATUS_MESSAGE_BYTES)
        mustHold(arrived === whole, "another text arrives");
      else mustHold(whole.startsWith(arrived.replace(/\ufffd+$/, "")), "a cut text is another one");
    },
  }),
};

/** The value of a `-bin` field. */
export const binaryMetadata: FuzzTarget = {
  name: "binary-metadata",
  about: "base64 of -bin metadata, and what is sent of it",
  covers: ["/metadata.ts", "/field-names.ts"],
  maxBytes: 4096,
  isText: true,
  seeds: () => ["AQID", "AQ==", "AQ,, BA==", "A", "a-_b", "====", ",".repeat(200), "AAAA".repeat(100)],
  dictionary: [",", " ", "=", "AQ", "+/"],
  maxSteps: { base: 2000, perByte: 400 },
  open: () => ({
    run(input) {
      const value = input.toString("latin1");
      const metadata = () => new LazyMetadata(new HeaderList(["a-bin", value, "b", "c"], 100, false, false));
      const first = metadata().get("a-bin");
      const all = metadata().getAll("a-bin");
      mustHold(first !== undefined && all.length > 0, "a value is lost");
      mustHold(Buffer.from(all[0]!).equals(first), "the first value is another one alone");
      if (!(countBinaryValues(value) < Infinity)) return;
      const bytes = value.split(",").map((part) => Buffer.from(part.trim(), "base64"));
      mustHold(bytes.length === all.length, "values are lost");
      mustHold(
        bytes.every((each, i) => each.equals(all[i]!)),
        "the bytes are others",
      );
      // As the other side gets it.
      const sent = toFields(LazyMetadata.copyOf(metadata()).set("d", "e"))!;
      mustHold(
        sent.every((text, i) => i % 2 === 0 || isValidValue(text)),
        "what is sent is not valid",
      );
      const back = new LazyMetadata(new HeaderList(sent, 100, false, false)).getAll("a-bin");
      mustHold(Buffer.concat(back).equals(Buffer.concat(bytes)), "other bytes arrive");
    },
  }),
};

/** `grpc-timeout` and `content-length`. */
export const numberFields: FuzzTarget = {
  name: "number-fields",
  about: "grpc-timeout and content-length",
  covers: ["/timeout.ts", "/content-length.ts"],
  maxBytes: 32,
  isText: true,
  seeds: () => ["1S", "99999999H", "0n", "100000000m", "-1S", "1.5S", "0", "999999999999999", "1e3", ""],
  dictionary: ["H", "M", "S", "m", "u", "n", "99999999"],
  maxSteps: { base: 1000, perByte: 50 },
  open: () => ({
    run(input) {
      const value = input.toString("latin1");
      const ms = parseTimeout(value);
      mustHold((ms !== undefined) === /^\d{1,8}[HMSmun]$/.test(value), "a timeout of another form");
      if (ms !== undefined) {
        const sent = formatTimeout(ms);
        const arrived = parseTimeout(sent);
        mustHold(arrived !== undefined && arrived >= ms - 1e-6, `${value} goes on as ${sent}`);
      }
      const length = resultOf(() => parseContentLength(value), isStreamError)?.value;
      mustHold(
        length === undefined || (Number.isSafeInteger(length) && length >= 0),
        `a length of ${length}`,
      );
      mustHold(length === undefined || /^\d+$/.test(value), "a length of another form");
    },
  }),
};

/** The payload of SETTINGS. */
export const peerSettings: FuzzTarget = {
  name: "settings",
  about: "the payload of SETTINGS",
  covers: ["/http2/settings.ts"],
  maxBytes: 512,
  seeds: () => [settings([1, 0], [2, 1], [3, 0], [4, 65_535], [5, 16_384], [6, 1], [7, 7]).subarray(9)],
  dictionary: [1, 2, 3, 4, 5, 6].flatMap((id) => [
    settings([id, 0]).subarray(9),
    settings([id, 2 ** 32 - 1]).subarray(9),
  ]),
  pieces: entries,
  maxSteps: { base: 200, perByte: 10 },
  open: () => ({
    run(input) {
      const peer = new PeerSettings();
      resultOf(
        () => peer.apply(input, 0, input.length),
        (error) => error instanceof ConnectionError,
      );
      const { headerTableSize, smallestHeaderTableSize, initialWindowSize, maxFrameSize } = peer;
      mustHold(smallestHeaderTableSize <= headerTableSize, "the smallest size of the table is not it");
      mustHold(initialWindowSize <= 2 ** 31 - 1, `a window of ${initialWindowSize}`);
      mustHold(maxFrameSize >= 16_384 && maxFrameSize < 2 ** 24, `frames of ${maxFrameSize}`);
    },
  }),
};
