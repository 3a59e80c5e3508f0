import { ProtobufError } from "@callwire/protobuf";
import type { RequestParts } from "../binding/request-binding.js";
import { sharedBytes } from "../calls/shared-bytes.js";
import { EdgeError } from "../errors/edge-error.js";
import type { Route } from "../routing/route.js";
import { sharedJsonOf, type JsonSettings } from "../serve/content.js";
import { PROTO_PROTOCOL, type Offer } from "./subprotocols.js";

/** A frame as it came. An empty text, or a space, ends the requests. */
export interface Frame {
  readonly data: Uint8Array;
  readonly isBinary: boolean;
}

/** Turns frames into messages, and messages into frames. */
export interface FrameCodec {
  /**
   * @param place The message's place among the requests, as `[3]`; empty for the only one.
   * @throws {ServiceError} that says what is wrong with it.
   */
  read(frame: Frame, place: string): unknown;
  /** A text, or bytes for a binary frame. */
  write(message: unknown): string | Uint8Array;
}

/** The codec of a subprotocol. */
export function codecOf(
  { protocol }: Offer,
  route: Route,
  parts: RequestParts,
  settings: JsonSettings,
): FrameCodec {
  return protocol === PROTO_PROTOCOL ? protoCodec(route, parts) : jsonCodec(route, parts, settings);
}

function jsonCodec(route: Route, parts: RequestParts, settings: JsonSettings): FrameCodec {
  return {
    read({ data, isBinary }, place) {
      if (isBinary) throw new EdgeError("MESSAGE_MALFORMED", "a message is a text frame, of JSON");
      return route.request.message(parts, data, place);
    },
    write: (message) => sharedJsonOf(route, message, settings),
  };
}

function protoCodec({ request, response }: Route, parts: RequestParts): FrameCodec {
  return {
    read({ data, isBinary }, place) {
      if (!isBinary) throw new EdgeError("MESSAGE_MALFORMED", "a message is a binary frame, of protobuf");
      try {
        return request.decode(parts, data);
      } catch (error) {
        if (!(error instanceof ProtobufError)) throw error;
        throw new EdgeError("MESSAGE_MALFORMED", `message${place}: ${error.message}`);
      }
    },
    write: (message) => sharedBytes(message, response, (one) => response.message.encode(one).finish()),
  };
}
