import type { Socket } from "node:net";
import { HpackError } from "../hpack/errors.js";
import { AbuseGuard } from "./abuse-guard.js";
import { BufferedBytes } from "./buffered-bytes.js";
import type { ConnectionOptions } from "./connection-options.js";
import { MAX_32_BITS, SETTING_INITIAL_WINDOW_SIZE, SETTING_MAX_HEADER_LIST_SIZE } from "./constants.js";
import { Drain } from "./drain.js";
import { ConnectionError, ErrorCode, type StreamError } from "./errors.js";
import { LocalSettings, type SettingsEntries } from "./local-settings.js";
import { socketErrorText } from "./plain-text.js";
import { Receiver } from "./receiver.js";
import { Sender } from "./sender.js";
import { StreamIds } from "./stream-ids.js";
import { StreamTable } from "./stream-table.js";
import type { Http2Stream, StreamConnection } from "./stream.js";
import { timerMs } from "./timers.js";
import { turnWork } from "./turn-work.js";

/**
 * The time that a connection that was given up is still read from, so that its GOAWAY arrives, in milliseconds: closing it
 * with unread data resets it.
 */
const FAILED_LINGER_MS = 1000;

/** The end of a connection. */
export interface ConnectionEnd {
  code: ErrorCode;
  message: string;
}

/** The data of the PING that measures the connection, by which its answer is known. */
export const bdpPing: Buffer = Buffer.from("cw-bdp\0\0", "latin1");

/**
 * The life of one HTTP/2 connection, of either side: its beginning, its streams, its ends. `Connection` adds what the
 * peer's frames do.
 */
export abstract class ConnectionLife implements StreamConnection {
  readonly socket: Socket;
  readonly sender: Sender;
  readonly streams = new StreamTable();
  readonly guard: AbuseGuard;
  readonly options: ConnectionOptions;
  readonly buffered: BufferedBytes;
  /** When something came in last, in milliseconds by the clock of `performance.now()`. */
  lastReadAt = performance.now();
  /** Set when the connection is over. */
  end: ConnectionEnd | undefined;
  /** Resolves when the socket is closed: the peer has read what was sent, or had its time. */
  readonly closed: Promise<void>;
  protected readonly receiver: Receiver;
  /** The streams that the peer opened, or that we reset. */
  protected readonly ids = new StreamIds();
  protected readonly localSettings: LocalSettings;
  protected readonly leave: Drain;
  #lingerTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, options: ConnectionOptions, buffered = new BufferedBytes()) {
    this.socket = socket;
    this.options = options;
    this.buffered = buffered;
    this.closed = new Promise((resolve) => {
      socket.once("close", () => resolve());
    });
    this.guard = new AbuseGuard(options.abuse);
    this.sender = new Sender(socket, this.streams, (stream) => this.#onLocalEnd(stream), buffered);
    this.receiver = new Receiver(this, options);
    this.localSettings = new LocalSettings(this, () =>
      this.fail(new ConnectionError(ErrorCode.SETTINGS_TIMEOUT, "SETTINGS were not acknowledged in time")),
    );
    this.leave = new Drain(this, this.ids, () => this.#endIfDrained());
    socket.setNoDelay(true);
    socket.on("error", (error) => this.destroy(ErrorCode.CONNECT_ERROR, socketErrorText(error)));
    socket.on("close", () => this.destroy(ErrorCode.CONNECT_ERROR, "the connection was closed"));
    socket.on("end", () => {
      // Of a connection that is over the rest is still sent.
      if (this.end === undefined) this.onPeerEnd();
    });
  }

  /** The connection is over; its streams are closed, and their calls are told in this turn and the next ones. */
  protected abstract onEnd(end: ConnectionEnd): void;
  /** The peer sends no more, and there is no more to read. */
  protected onPeerEnd(): void {
    this.destroy(ErrorCode.CONNECT_ERROR, "the peer closed the connection");
  }
  /** Our side of a stream has ended, the peer's has not. */
  protected onHalfClosed(_stream: Http2Stream): void {}
  /** The peer makes us reset a stream, by breaking the rules. */
  protected abstract onResetProvoked(id: number): void;
  /** A stream is over. */
  protected onStreamClosed(_stream: Http2Stream): void {}

  /** Sends our side of the preface (RFC 9113, section 3.4). */
  protected sendPreface(settings: SettingsEntries): void {
    this.localSettings.send([
      ...settings,
      [SETTING_MAX_HEADER_LIST_SIZE, Math.min(this.options.maxHeaderListSize, MAX_32_BITS)],
      [SETTING_INITIAL_WINDOW_SIZE, this.options.streamWindow],
    ]);
    this.receiver.start();
  }

  /** Fails the connection in `handshakeTimeoutMs`, unless the timer is cleared. */
  protected failAfter(code: ErrorCode, message: string): NodeJS.Timeout {
    const { handshakeTimeoutMs } = this.options;
    return setTimeout(
      () => this.fail(new ConnectionError(code, message)),
      timerMs(handshakeTimeoutMs),
    ).unref();
  }

  /** Gives an id to a stream, and takes it up. */
  protected addStream(stream: Http2Stream, id: number): void {
    stream.id = id;
    stream.connection = this;
    this.streams.add(stream);
  }

  consume(stream: Http2Stream, bytes: number): void {
    this.receiver.consume(stream, bytes);
  }

  advance(stream: Http2Stream, length: number, have: number): void {
    if (this.receiver.isLong(length) && this.receiver.reserve(stream, length))
      this.receiver.advance(stream, have);
  }

  keep(stream: Http2Stream, bytes: number): boolean {
    return this.receiver.keep(stream, bytes);
  }

  announceWindow(bytes: number): void {
    this.localSettings.send([[SETTING_INITIAL_WINDOW_SIZE, bytes]]);
  }

  isHeldBack(stream: Http2Stream): boolean {
    return this.receiver.isHeldBack(stream);
  }

  resetStream(stream: Http2Stream, code: ErrorCode): void {
    if (stream.closed) return;
    this.ids.rememberReset(stream.id);
    this.sender.resetStream(stream.id, code);
    this.closeStream(stream);
  }

  /** Lets go of a stream that the peer has not touched, and never will: it must not hear of it again. */
  protected forgetStream(stream: Http2Stream): void {
    this.closeStream(stream);
  }

  /** Ends a stream for an error of the peer's (RFC 9113, section 5.4.2). */
  protected failStream(id: number, { code, message }: StreamError): void {
    this.onResetProvoked(id);
    this.ids.rememberReset(id);
    this.sender.resetStream(id, code);
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    this.closeStream(stream);
    stream.onAborted(code, message);
  }

  protected closeStream(stream: Http2Stream): void {
    if (stream.closed) return;
    stream.closed = true;
    this.streams.delete(stream);
    this.sender.drop(stream);
    this.receiver.forget(stream);
    if (stream.headBytes > 0) this.buffered.remove(stream.headBytes);
    this.onStreamClosed(stream);
    if (this.leave.isFinal) this.#endIfDrained();
  }

  #onLocalEnd(stream: Http2Stream): void {
    if (stream.remoteEnded) this.closeStream(stream);
    else this.onHalfClosed(stream);
  }

  /** Takes no new streams from the peer, lets the running ones end, then closes. */
  drain(debugData = ""): void {
    if (!this.end) this.leave.begin(debugData);
  }

  /** The last answers may still wait for the peer to read them. */
  #endIfDrained(): void {
    if (!this.leave.isFinal || this.streams.size > 0 || this.end) return;
    this.sender.output.flush();
    this.#over({ code: ErrorCode.NO_ERROR, message: "the connection was drained" });
    this.#closeSocket(this.options.maxLingerMs);
  }

  /** Ends the connection for an error of the peer's, or ours, with GOAWAY (RFC 9113, section 5.4.1). */
  fail(error: unknown): void {
    if (this.end) return;
    const [code, message] = explain(error);
    this.sender.goAway(this.ids.last, code, message);
    this.sender.output.flush();
    this.#over({ code, message });
    this.#closeSocket(Math.min(FAILED_LINGER_MS, this.options.maxLingerMs));
  }

  /** Ends the connection without a word. */
  destroy(code: ErrorCode, message: string): void {
    clearTimeout(this.#lingerTimer);
    this.socket.destroy();
    if (!this.end) this.#over({ code, message });
  }

  /** Ends our side behind all that was written, and reads on until the peer ends its own. */
  #closeSocket(lingerMs: number): void {
    this.socket.end();
    this.#lingerTimer = setTimeout(() => this.socket.destroy(), timerMs(lingerMs)).unref();
  }

  #over(end: ConnectionEnd): void {
    this.end = end;
    this.sender.output.close();
    this.localSettings.close();
    this.leave.close();
    const streams = this.streams.toArray();
    for (const stream of streams) this.closeStream(stream);
    this.buffered.close();
    void turnWork.each(streams, (stream) => stream.onAborted(end.code, end.message));
    this.onEnd(end);
  }
}

/** The debug data of an error's GOAWAY. */
function explain(error: unknown): [ErrorCode, string] {
  if (error instanceof ConnectionError) return [error.code, error.message];
  if (error instanceof HpackError) return [ErrorCode.COMPRESSION_ERROR, error.message];
  // A fault of ours: it must not pass in silence, nor end the process.
  process.emitWarning(error instanceof Error ? error : String(error));
  return [ErrorCode.INTERNAL_ERROR, "internal error"];
}
