import { IncomingMessage } from "node:http";

const asked = Symbol("callwire.upgrade");

/**
 * A request of HTTP/1.1 that node:http takes for an upgrade only if it asks for a WebSocket. Another protocol, such as h2c, which
 * `curl --http2` asks for, is passed over (RFC 9110, section 7.8): such a request is answered with its body, like any other.
 */
export class Http1Request extends IncomingMessage {
  [asked]: unknown;

  /** What node:http notes, and looks at: the request asks for another protocol. */
  get upgrade(): boolean {
    if (this[asked] !== true) return false;
    return this.method === "CONNECT" || /^websocket$/i.test(this.headers.upgrade ?? "");
  }

  set upgrade(value: unknown) {
    this[asked] = value;
  }
}
