import type { Method } from "../grpc/definitions.js";
import { HeaderFields } from "../hpack/header-fields.js";
import { ACCEPT_ENCODING } from "../grpc/compression.js";
import type { TransportChannel } from "./channel.js";

/** A method of a service at a channel: what all its calls share. */
export class ClientMethod {
  readonly channel: TransportChannel;
  readonly path: string;
  readonly definition: Method;
  /** The request's header fields, but for the metadata. */
  readonly fields: HeaderFields;
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;

  constructor(definition: Method, channel: TransportChannel) {
    const { settings, secure, authority } = channel;
    this.channel = channel;
    this.definition = definition;
    this.path = definition.descriptor.path;
    this.maxReceiveBytes = settings.maxReceiveBytes;
    this.maxSendBytes = settings.maxSendBytes;
    this.fields = new HeaderFields([
      ":method",
      "POST",
      ":scheme",
      secure ? "https" : "http",
      ":path",
      this.path,
      ":authority",
      authority,
      "te",
      "trailers",
      "content-type",
      "application/grpc",
      "user-agent",
      settings.userAgent,
      "grpc-accept-encoding",
      ACCEPT_ENCODING,
    ]);
  }
}
