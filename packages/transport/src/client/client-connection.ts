import type { Socket } from "node:net";
import type { HeaderFields } from "../hpack/header-fields.js";
import type { HeaderList } from "../hpack/header-list.js";
import { lateHeaderCount } from "../http2/abuse-guard.js";
import { Connection } from "../http2/connection.js";
import type { ConnectionEnd } from "../http2/connection-life.js";
import type { ConnectionOptions } from "../http2/connection-options.js";
import { CLIENT_PREFACE, MAX_31_BITS, SETTING_ENABLE_PUSH } from "../http2/constants.js";
import { ConnectionError, ErrorCode, errorCodeName } from "../http2/errors.js";
import { Keepalive, type KeepaliveTimes } from "../http2/keepalive.js";
import { plainText } from "../http2/plain-text.js";
import { afterReads, timerMs } from "../http2/timers.js";
import { turnWork } from "../http2/turn-work.js";
import type { Http2Stream } from "../http2/stream.js";
import { PAGE_TIMEOUT_MS } from "./foreign-page.js";
import { Greeting } from "./greeting.js";
import { setImmediate } from "../turn.js";

/** The number of frames that may come for each call when it is over, before they are counted. */
const LATE_FRAMES_PER_CALL = 4;

/** A stream that a client opens. */
export interface ClientStream extends Http2Stream {
  /** The server has not seen the stream, and never will: the connection has let go of it. */
  onUnprocessed(why: string): void;
}

/** Hears what becomes of a connection. */
export interface ConnectionListener {
  /** The server's first SETTINGS have come: calls may begin. */
  onReady(connection: ClientConnection): void;
  /** A call is over, or the server allows more of them. */
  onRoom(connection: ClientConnection): void;
  /** The server takes no new calls; `tooManyPings` if our keepalive is the reason. */
  onGoingAway(connection: ClientConnection, tooManyPings: boolean): void;
  /** The connection is over; its calls are told in this turn and the next ones. */
  onEnded(connection: ClientConnection, end: ConnectionEnd): void;
}

/** When a client asks whether its server is alive. */
export interface KeepaliveOptions extends KeepaliveTimes {
  /** True if PINGs are sent without calls, too. */
  withoutCalls: boolean;
}

/** The client's side of a connection. It does not keep the process alive while it has no calls. */
export class ClientConnection extends Connection {
  /** Where it goes, for messages. */
  readonly peer: string;
  /** When the last call was over, by the clock of `performance.now()`; for those that have none. */
  idleSince = performance.now();
  /** True if a response has begun to come: the connection was of use. */
  hasServed = false;
  #nextId = 1;
  /** The first id that a GOAWAY has left out. */
  #leftOutFrom = Infinity;
  #ready = false;
  #goingAway = false;
  /** Says that the server goes away, and why; empty while it has not said so. */
  #goAwayReason = "";
  /** A new connection has no calls: its socket keeps nothing alive. */
  #referenced = false;
  #checkingReference = false;
  #keepaliveTimer: NodeJS.Timeout | undefined;
  #lateFrames = 0;
  /** True if the server's first bytes can be a frame. */
  #hasFrames = false;
  /** The first bytes of a server that does not speak HTTP/2. */
  #greeting: Greeting | undefined;
  #greetingTimer: NodeJS.Timeout | undefined;
  readonly #listener: ConnectionListener;
  readonly #keepalive: Keepalive;
  readonly #keepaliveOptions: KeepaliveOptions;

  /** @param socket Connected, with TLS if there is to be. */
  constructor(
    socket: Socket,
    peer: string,
    options: ConnectionOptions,
    keepalive: KeepaliveOptions,
    listener: ConnectionListener,
  ) {
    super(socket, options);
    this.peer = peer;
    this.#listener = listener;
    this.#keepalive = new Keepalive(this, keepalive);
    this.#keepaliveOptions = keepalive;
    this.sender.peer.mayEnablePush = false;
    this.sender.output.reserve(CLIENT_PREFACE.length);
    this.sender.output.bytes(CLIENT_PREFACE);
    this.start([[SETTING_ENABLE_PUSH, 0]]);
    // Nothing is gained by waiting for the end of the turn.
    this.sender.output.flush();
  }

  /** True if a call may begin now. */
  get hasRoom(): boolean {
    return (
      this.#ready &&
      !this.#goingAway &&
      this.end === undefined &&
      this.streams.size < this.sender.peer.maxConcurrentStreams
    );
  }

  /** True if the server has said that it goes, or the ids are used up. */
  get isGoingAway(): boolean {
    return this.#goingAway;
  }

  /** Why there are no more calls on it: the server's GOAWAY says more than the end of the connection, unless that is an error. */
  get endReason(): string {
    const ended = this.end?.message ?? "";
    if (this.#goAwayReason === "") return ended === "" ? "the connection was closed" : ended;
    return ended === "" ? this.#goAwayReason : `${this.#goAwayReason}; ${ended}`;
  }

  /** Opens a stream with the request's headers; there must be room. */
  open(stream: ClientStream, fields: HeaderFields, rest: readonly string[] | undefined): void {
    if (this.streams.size === 0) this.#onBusy();
    const id = this.#nextId;
    this.#nextId += 2;
    this.addStream(stream, id);
    this.sender.headers(stream, fields, rest, false);
    // RFC 9113, section 5.1.1: ids are never used again.
    if (this.#nextId > MAX_31_BITS) this.#goAway(false);
  }

  /** Begins no more calls, and closes when those there are have ended. */
  shutDown(): void {
    this.#goingAway = true;
    this.#closeIfDone();
  }

  protected isIdle(id: number): boolean {
    return id % 2 === 0 || id >= this.#nextId;
  }

  protected override onFirstBytes(buffer: Buffer, length: number): boolean {
    if (this.#hasFrames) return false;
    if (this.#greeting === undefined) {
      this.#greeting = Greeting.of(buffer, length);
      this.#hasFrames = this.#greeting === undefined;
      if (this.#hasFrames) return false;
      this.#greetingTimer = setTimeout(() => this.#endStrange(), PAGE_TIMEOUT_MS).unref();
    } else this.#greeting.add(buffer, length);
    if (this.#greeting!.isWhole) this.#endStrange();
    return true;
  }

  protected override onPeerEnd(): void {
    if (this.#greeting === undefined) super.onPeerEnd();
    else this.#endStrange();
  }

  /** What stands there does not speak HTTP/2. */
  #endStrange(): void {
    this.destroy(ErrorCode.PROTOCOL_ERROR, String(this.#greeting));
  }

  protected onLateData(id: number): void {
    // The server may have sent it before our RST_STREAM arrived: no more than the stream's window.
    if (!this.ids.wasReset(id)) this.#countLate();
  }

  protected onLateHeaders(_id: number, list: HeaderList): void {
    this.#countLate(lateHeaderCount(list));
  }

  protected onLateReset(): void {
    this.#countLate();
  }

  protected onResetProvoked(id: number): void {
    // Of calls that run there are no more than we have made.
    if (this.streams.get(id) === undefined) this.#countLate();
  }

  /** A server may end each call twice: C++ does so when its handler returns after the deadline. */
  #countLate(times = 1): void {
    this.#lateFrames++;
    if (this.#lateFrames > (LATE_FRAMES_PER_CALL * this.#nextId) / 2) this.guard.count("lateFrames", times);
  }

  protected onNewStream(): void {
    // Servers open streams by PUSH_PROMISE alone (RFC 9113, section 5.1.1), which we do not allow.
    throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "HEADERS on a stream that is idle");
  }

  protected override onPeerSettings(): void {
    if (this.#ready) {
      this.#listener.onRoom(this);
      return;
    }
    this.#ready = true;
    this.#checkReference();
    if (this.#keepaliveOptions.withoutCalls) this.#armKeepalive();
    this.#listener.onReady(this);
  }

  protected override onStreamClosed(): void {
    if (this.end !== undefined) return;
    if (this.streams.size === 0) {
      this.idleSince = this.guard.now;
      if (this.#goingAway) this.#closeIfDone();
      else this.#checkReference();
    }
    this.#listener.onRoom(this);
  }

  protected onGoAway(lastStreamId: number, code: ErrorCode, debugData: string): void {
    const tooManyPings = code === ErrorCode.ENHANCE_YOUR_CALM && debugData === "too_many_pings";
    // One without an error, as a server that stops sends at last, does not hide what was wrong before.
    if (this.#goAwayReason === "" || code !== ErrorCode.NO_ERROR) {
      const text = plainText(debugData);
      this.#goAwayReason = `the server sent GOAWAY with ${errorCodeName(code)}${text === "" ? "" : `: ${text}`}`;
    }
    this.#goAway(tooManyPings);
    const streams = this.#streamsOver(lastStreamId);
    for (const stream of streams) this.forgetStream(stream);
    const why = this.endReason;
    void turnWork.each(streams, (stream) => stream.onUnprocessed(why));
    this.#closeIfDone();
  }

  /** The streams that a GOAWAY leaves out, and none did before: each id is looked at once, however many GOAWAY come. */
  #streamsOver(lastStreamId: number): ClientStream[] {
    const first = lastStreamId + 1 + (lastStreamId % 2);
    const end = Math.min(this.#leftOutFrom, this.#nextId);
    if (first >= end) return [];
    this.#leftOutFrom = first;
    if (end - first > 2 * this.streams.size)
      return this.streams.toArray().filter(({ id }) => id >= first) as ClientStream[];
    const streams: ClientStream[] = [];
    for (let id = first; id < end; id += 2) {
      const stream = this.streams.get(id);
      if (stream !== undefined) streams.push(stream as ClientStream);
    }
    return streams;
  }

  protected onEnd(end: ConnectionEnd): void {
    clearTimeout(this.#keepaliveTimer);
    clearTimeout(this.#greetingTimer);
    this.#listener.onEnded(this, end);
  }

  #goAway(tooManyPings: boolean): void {
    if (this.#goingAway) return;
    this.#goingAway = true;
    this.#listener.onGoingAway(this, tooManyPings);
  }

  #closeIfDone(): void {
    if (this.streams.size > 0 || this.end !== undefined) return;
    // Not now: a stream may just be about to be closed, and its call to be told.
    setImmediate(() => {
      if (this.streams.size === 0) this.fail(new ConnectionError(ErrorCode.NO_ERROR, ""));
    });
  }

  #onBusy(): void {
    if (!this.#referenced) {
      this.#referenced = true;
      this.socket.ref();
    }
    if (this.#keepaliveTimer === undefined) this.#armKeepalive();
  }

  /** Looks at the end of the turn whether there are calls: most often the next one has come by then. */
  #checkReference(): void {
    if (this.#checkingReference) return;
    this.#checkingReference = true;
    setImmediate(() => {
      this.#checkingReference = false;
      if (this.streams.size > 0 || !this.#referenced) return;
      this.#referenced = false;
      this.socket.unref();
    });
  }

  /** Looks after the connection at that time, by the clock of `performance.now()`, and from then on while it is to. */
  #armKeepalive(at = this.lastReadAt + this.#keepaliveOptions.timeMs): void {
    if (at === Infinity) return;
    const wait = timerMs(Math.max(at - performance.now(), 1));
    this.#keepaliveTimer = setTimeout(() => afterReads(() => this.#keepAlive()), wait).unref();
  }

  #keepAlive(): void {
    this.#keepaliveTimer = undefined;
    if (this.end !== undefined) return;
    const isNeeded = this.streams.size > 0 || this.#keepaliveOptions.withoutCalls;
    if (isNeeded || this.#keepalive.isWaiting) this.#armKeepalive(this.#keepalive.check(performance.now()));
  }
}
