import { IncomingMessage } from "node:http";

const asked = Symbol("callwire.upgrade");

/**
 * A request of HTTP/1.1 that may ask for another protocol, such as h2c, which `curl --http2` asks for. That is passed over (RFC 9110,
 * section 7.8): the request is answered with its body, like any other. For node:http it is an upgrade only once it is whole. What came
 * behind it would be lost otherwise.
 */
export class Http1Request extends IncomingMessage {
  [asked]: unknown;

  /** True if its protocol is spoken from the end of its head on. */
  get isTaken(): boolean {
    return this.method === "CONNECT";
  }

  /** What node:http notes, and looks at: the request asks for another protocol. */
  get upgrade(): boolean {
    return this[asked] === true && (this.isTaken || this.complete);
  }

  set upgrade(value: unknown) {
    this[asked] = value;
  }
}

/** A request of HTTP/1.1 where WebSockets are served. */
export class WebSocketRequest extends Http1Request {
  override get isTaken(): boolean {
    return super.isTaken || /^websocket$/i.test(this.headers.upgrade ?? "");
  }
}
