import { ProtobufError, toJsonBytes } from "@callwire/protobuf";
import { methodsOf, serialize, type Codec } from "@callwire/transport/client";
import type { AnyMessageType } from "../binding/field-path.js";
import { readJson } from "../binding/read-json.js";
import { wrongFields } from "../binding/request-binding.js";
import type { EdgeMethod } from "../calls/edge-method.js";
import { sharedBytes } from "../calls/shared-bytes.js";
import { EdgeError } from "../errors/edge-error.js";
import { hasOwnTypes } from "../routing/route.js";
import type { EdgeSettings } from "../serve/settings.js";

/** The form of a method's messages in a body. */
export interface MessageFormat {
  /** The request of some bytes. @throws {ServiceError} INVALID_ARGUMENT, with what is wrong. */
  decode(bytes: Uint8Array): unknown;
  /** The bytes of a response. */
  encode(message: unknown): Uint8Array;
}

/** How the messages of a body are written, and its media type. */
export interface MessageBody {
  readonly contentType: string;
  readonly format: MessageFormat;
}

/** The formats of a method, by their names in media types. */
export interface MessageFormats {
  readonly proto: MessageFormat;
  /** Undefined if another generator made the types: only ours are known field by field. */
  readonly json: MessageFormat | undefined;
}

/** The formats that a method's messages have. */
export function formatsOf(
  method: EdgeMethod,
  settings: Pick<EdgeSettings, "read" | "write">,
): MessageFormats {
  const { request, response } = codecsOf(method.definition);
  return {
    proto: shared(protobuf(request, response)),
    json: hasOwnTypes(method) ? shared(json(method, settings)) : undefined,
  };
}

/** The format, whose bytes of a message are made once for all who get it. */
function shared({ decode, encode }: MessageFormat): MessageFormat {
  return { decode, encode: (message) => sharedBytes(message, encode, encode) };
}

function protobuf(request: Codec, response: Codec): MessageFormat {
  return {
    decode(bytes) {
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      try {
        return request.decode(buffer, 0, buffer.length);
      } catch (error) {
        const why = error instanceof ProtobufError ? `: ${error.message}` : "";
        throw new EdgeError("MESSAGE_MALFORMED", `the request message cannot be decoded${why}`);
      }
    },
    encode: (message) => serialize(response, message),
  };
}

function json(method: EdgeMethod, { read, write }: Pick<EdgeSettings, "read" | "write">): MessageFormat {
  const { requestType, responseType } = method.definition as Record<string, AnyMessageType>;
  return {
    decode(bytes) {
      const outcome = readJson(requestType!, bytes, "", read);
      if ("violations" in outcome) throw wrongFields(outcome.violations);
      return outcome.value;
    },
    encode: (message) => toJsonBytes<unknown>(responseType!, message, write),
  };
}

/** The codecs of a method, of whatever form its definition is: alone in a definition of a service. */
function codecsOf(definition: object): { request: Codec; response: Codec } {
  const service =
    "requestType" in definition
      ? { name: "", fullName: "", methods: { method: definition } }
      : { method: definition };
  return methodsOf(service)[0]!;
}
