import type { Socket } from "node:net";
import { TLSSocket, type PeerCertificate } from "node:tls";
import type { HeaderList } from "../hpack/header-list.js";
import { lateHeaderCount } from "../http2/abuse-guard.js";
import { BufferedBytes, serverBytes } from "../http2/buffered-bytes.js";
import { Connection } from "../http2/connection.js";
import type { ConnectionEnd } from "../http2/connection-life.js";
import type { ConnectionOptions } from "../http2/connection-options.js";
import {
  MAX_32_BITS,
  SETTING_ENABLE_CONNECT_PROTOCOL,
  SETTING_MAX_CONCURRENT_STREAMS,
} from "../http2/constants.js";
import { checkLength } from "../http2/content-length.js";
import { ConnectionError, ErrorCode } from "../http2/errors.js";
import { Keepalive } from "../http2/keepalive.js";
import { MIN_PROGRESS_BYTES } from "../http2/pending-output.js";
import { turnWork } from "../http2/turn-work.js";
import type { Http2Stream } from "../http2/stream.js";
import type { ServerError } from "nice-grpc-common";
import type { CallHost } from "./call-host.js";
import type { LimitedConnection } from "./connection-limit.js";
import type { CallScope, CallScopes } from "./call-scope.js";
import type { HttpHandler } from "./http-handler.js";
import {
  malformed,
  noRoomHead,
  oversizeHead,
  requestHead,
  type Refusal,
  type RequestHead,
} from "./request-head.js";
import { RefusedCall } from "./refused-call.js";
import { ServerCall } from "./server-call.js";
import { ServerHttpStream } from "./server-http-stream.js";
import type { ServedMethods } from "./server-method.js";
import type { ServerLimits, ServerStats } from "./server-options.js";
import { ServerStream } from "./server-stream.js";

/** The time that a client has to leave a connection that gives way to another one, in milliseconds. */
const GIVE_WAY_MS = 1000;

/** The number of PINGs that may come too early (gRPC A8). */
const MAX_PING_STRIKES = 2;

/** The size up to which header lists do not count among what waits in memory, in bytes: a call takes as much itself. */
const SMALL_HEAD_BYTES = 2048;

/** The time that a request that is not gRPC may go on before it is reset, in milliseconds: it is answered at once. */
const MAX_AFTER_ANSWER_MS = 100;

/** The data of the PINGs that ask whether a client that has ended its side is still there. */
const PROBE = Buffer.from("cw-there", "latin1");
/** The wait after the first of them, which doubles, and the longest, in milliseconds. */
const FIRST_PROBE_MS = 20;
const MAX_PROBE_MS = 1000;

/** The state that the connections of a server share. */
export interface ServerState {
  readonly methods: ServedMethods;
  readonly limits: ServerLimits;
  readonly stats: ServerStats;
  readonly connections: Set<ServerConnection>;
  readonly scopes: CallScopes;
  /** Answers what is not gRPC; undefined if it is refused. */
  http: HttpHandler | undefined;
  /** Ends every call that answers with a stream, if it is there. */
  endReason: ServerError | undefined;
}

/** The server's side of a connection. */
export class ServerConnection extends Connection implements CallHost, LimitedConnection {
  readonly limits: ServerLimits;
  readonly stats: ServerStats;
  /** The client's address, `host:port`. */
  readonly peer: string;
  abandoned = 0;
  readonly #state: ServerState;
  readonly #openedAt = performance.now();
  readonly #maxAgeMs: number;
  readonly #keepalive: Keepalive;
  /**
   * Since when there are no calls; 0 if the next sweep is to say. It begins with a time: if the first sweep made a
   * floating-point number of it, the connection would have another shape, and all code that was compiled for it be lost.
   */
  #idleSince = performance.now();
  #probeTimer: NodeJS.Timeout | undefined;
  #lastPingAt = 0;
  #pingStrikes = 0;
  #sentAtLastPing = -1;
  /** The bytes that the client had taken of what waited when that was last a considerable part, and when that was. */
  #takenBefore = 0;
  #takenAt = performance.now();
  #peerCertificate: PeerCertificate | undefined;

  /** @param first The bytes that were read after the client's preface. */
  constructor(socket: Socket, state: ServerState, options: ConnectionOptions, first: Buffer) {
    const { maxBufferedBytes, maxReceiveMessageBytes } = state.limits;
    // One message has room, however long it may be.
    const most = Math.max(maxBufferedBytes, maxReceiveMessageBytes);
    super(socket, options, new BufferedBytes(serverBytes, most));
    this.#state = state;
    this.limits = state.limits;
    this.stats = state.stats;
    this.peer = socket.remoteAddress === undefined ? "unknown" : peerOf(socket);
    const { keepaliveTimeMs: timeMs, keepaliveTimeoutMs: timeoutMs } = state.limits;
    this.#keepalive = new Keepalive(this, { timeMs, timeoutMs });
    // Spread, so that clients do not all come back at once (gRPC A9).
    this.#maxAgeMs = this.limits.maxConnectionAgeMs * (0.9 + Math.random() * 0.2);
    state.connections.add(this);
    this.stats.connectionsOpened++;
    this.stats.connectionsOpen++;
    const settings: [id: number, value: number][] = [
      [SETTING_MAX_CONCURRENT_STREAMS, Math.min(this.limits.maxConcurrentStreams, MAX_32_BITS)],
    ];
    if (state.http?.webSocket !== undefined) settings.push([SETTING_ENABLE_CONNECT_PROTOCOL, 1]);
    this.start(settings, first);
  }

  /** The client's certificate, if it was verified. */
  get peerCertificate(): PeerCertificate | undefined {
    const { socket } = this;
    if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
    this.#peerCertificate ??= socket.getPeerCertificate();
    return this.#peerCertificate;
  }

  get idleSince(): number | undefined {
    if (this.streams.size > 0 || this.leave.hasBegun || this.end) return undefined;
    return this.#idleSince || performance.now();
  }

  giveWay(): void {
    this.drain("max_connections");
    setTimeout(() => {
      if (this.streams.size === 0) this.destroy(ErrorCode.NO_ERROR, "there were too many connections");
    }, GIVE_WAY_MS).unref();
  }

  get endReason(): ServerError | undefined {
    return this.#state.endReason;
  }

  openScope(): CallScope | undefined {
    return this.#state.scopes.open();
  }

  protected isIdle(id: number): boolean {
    return id % 2 === 0 || id > this.ids.last;
  }

  protected override isUnseen(id: number): boolean {
    return this.leave.hasBegun && id % 2 === 1;
  }

  protected onLateData(id: number): void {
    // The client may have sent it before our RST_STREAM arrived.
    if (this.ids.wasReset(id)) return;
    this.guard.count("lateFrames");
    if (this.isIdle(id)) return;
    this.ids.rememberReset(id);
    this.sender.resetStream(id, ErrorCode.STREAM_CLOSED);
  }

  protected onLateHeaders(id: number, list: HeaderList): void {
    this.guard.count("lateFrames", lateHeaderCount(list));
    // A second request on a stream breaks the rules (RFC 9113, section 5.1.1); late trailers do not.
    if (this.ids.wasReset(id) || list.fields[0]?.startsWith(":") !== true) return;
    const code = this.ids.wasSkipped(id) ? ErrorCode.PROTOCOL_ERROR : ErrorCode.STREAM_CLOSED;
    throw new ConnectionError(code, "HEADERS on a closed stream");
  }

  protected onLateReset(): void {
    this.guard.count("resetsReceived");
  }

  protected override onResetReceived(): void {
    this.guard.count("resetsReceived");
  }

  protected onResetProvoked(): void {
    this.guard.count("resetsProvoked");
  }

  protected onNewStream(id: number, list: HeaderList, endStream: boolean): void {
    // RFC 9113, section 5.1.1: clients use odd ids, each higher than those before.
    if (id % 2 === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "a stream with an even id");
    this.ids.opened(id);
    const { maxConcurrentStreams } = this.limits;
    const isOver = this.streams.size >= maxConcurrentStreams;
    // Calls that are reset at once make room for others, but their handlers go on for a while (CVE-2023-44487).
    if (isOver || this.leave.isFinal || this.streams.size + this.abandoned >= maxConcurrentStreams) {
      if (isOver && !this.leave.isFinal) this.guard.count("refusedStreams");
      this.ids.rememberReset(id);
      this.sender.resetStream(id, ErrorCode.REFUSED_STREAM);
      return;
    }
    const head = list.tooLarge
      ? oversizeHead(list.size, this.options.maxHeaderListSize, this.#state.http !== undefined)
      : requestHead(list, this.#state.methods);
    if (endStream) checkLength(head, 0, true);
    if (head.refusal !== undefined) {
      this.#onNoCall(list, head, id, endStream);
      return;
    }
    if (!this.#hasRoomFor(list)) {
      this.#refuse(noRoomHead(head), id, endStream);
      return;
    }
    const call = new ServerCall(this, list, head, this.guard.now);
    this.addStream(call.stream, id);
    this.#keepHead(call.stream, list);
    call.stream.remoteEnded = endStream;
    this.stats.callsStarted++;
    call.begin();
  }

  /** A request that is no call that we serve: it is refused, or it is for whoever answers other HTTP. */
  #onNoCall(list: HeaderList, head: RequestHead, id: number, endStream: boolean): void {
    const refusal = head.refusal!;
    const { http } = this.#state;
    const served = servedBy(http, refusal);
    if (served !== undefined) {
      if (!this.#hasRoomFor(list)) {
        this.#refuse(noRoomHead(head), id, endStream);
        return;
      }
      const stream = new ServerHttpStream(list, head, this, !endStream);
      this.addStream(stream, id);
      this.#keepHead(stream, list);
      stream.remoteEnded = endStream;
      stream.start((request) => http![served]!(request));
      return;
    }
    this.#refuse(head, id, endStream);
  }

  #refuse(head: RequestHead, id: number, endStream: boolean): void {
    const refused = new RefusedCall(head, head.refusal!, this.sender);
    this.addStream(refused, id);
    refused.remoteEnded = endStream;
    refused.answer();
  }

  /** False if a header list would stay in memory where there is no room: only those that are not small are looked at. */
  #hasRoomFor({ size }: HeaderList): boolean {
    return size <= SMALL_HEAD_BYTES || !this.buffered.isOver;
  }

  /**
   * Counts a header list that is not small until its stream is closed: a byte of HPACK may stand for a field, and a client that
   * does not take its answers keeps ten thousand of them (CVE-2026-47774, CVE-2026-49975).
   */
  #keepHead(stream: Http2Stream, { size }: HeaderList): void {
    if (size <= SMALL_HEAD_BYTES) return;
    stream.headBytes = size;
    this.buffered.add(size);
  }

  protected override onHalfClosed(stream: Http2Stream): void {
    // HTTP's clients end their requests by themselves, nearly always.
    if (stream instanceof ServerHttpStream || (stream instanceof RefusedCall && stream.isHttp)) {
      setTimeout(() => this.resetStream(stream, ErrorCode.NO_ERROR), MAX_AFTER_ANSWER_MS).unref();
      return;
    }
    // Nobody reads what the client still sends (RFC 9113, section 8.1).
    this.resetStream(stream, ErrorCode.NO_ERROR);
  }

  protected override onStreamClosed(stream: Http2Stream): void {
    if (stream instanceof ServerStream) {
      if (stream.localEnded) stream.owner.onSent();
    } else if (stream instanceof ServerHttpStream) stream.onClosed();
    if (this.streams.size === 0) this.#idleSince = 0;
  }

  protected onGoAway(): void {
    // The client goes; it will open no streams.
  }

  /**
   * The client has ended its side: it waits for the answers to what it has sent, or is gone. Its system says which, when
   * something is sent to it.
   */
  protected override onPeerEnd(): void {
    if (!this.socket.allowHalfOpen) {
      super.onPeerEnd();
      return;
    }
    this.#cancelAll((stream) => !stream.remoteEnded);
    this.#askIfThere(FIRST_PROBE_MS, performance.now() + this.options.maxLingerMs);
    this.leave.conclude();
  }

  /** Ends the streams that cannot come to their ends: the client, if it is there, must not wait for them. */
  #cancelAll(isStuck: (stream: Http2Stream) => boolean): void {
    void turnWork.each(this.streams.toArray().filter(isStuck), (stream) => {
      if (stream.closed) return;
      this.resetStream(stream, ErrorCode.CANCEL);
      stream.onAborted(ErrorCode.CANCEL, "the client closed the connection");
    });
  }

  #askIfThere(waitMs: number, until: number): void {
    // Credit that was not there when the client ended its side never comes.
    this.#cancelAll((stream) => this.sender.lacksCredit(stream));
    if (this.end) return;
    this.sender.ping(PROBE, false);
    this.#probeTimer = setTimeout(() => {
      if (performance.now() < until) this.#askIfThere(Math.min(waitMs * 2, MAX_PROBE_MS), until);
      else this.destroy(ErrorCode.CONNECT_ERROR, "the client closed the connection");
    }, waitMs).unref();
  }

  protected onEnd(_end: ConnectionEnd): void {
    clearTimeout(this.#probeTimer);
    this.#state.connections.delete(this);
    this.stats.connectionsOpen--;
  }

  protected override onPing(): void {
    const { now } = this.guard;
    const { sent } = this.sender;
    // A PING that follows what we sent measures the connection (gRPC A8).
    if (sent !== this.#sentAtLastPing) this.#pingStrikes = 0;
    else if (
      now - this.#lastPingAt < this.limits.minPingIntervalMs &&
      ++this.#pingStrikes > MAX_PING_STRIKES
    ) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "too_many_pings");
    }
    this.#lastPingAt = now;
    this.#sentAtLastPing = sent;
  }

  /** Checks what depends on time, of the connection itself: PINGs, idleness, age. Called now and then. */
  sweep(now: number): void {
    if (this.end) return;
    const { limits } = this;
    this.#idleSince ||= now;
    this.#keepalive.check(now);
    if (this.end) return;
    const age = now - this.#openedAt;
    if (!this.leave.hasBegun) {
      if (this.streams.size === 0 && now - this.#idleSince >= limits.maxConnectionIdleMs)
        this.drain("max_idle");
      else if (age >= this.#maxAgeMs) this.drain("max_age");
    } else if (age >= this.#maxAgeMs + limits.maxConnectionAgeGraceMs) {
      this.destroy(ErrorCode.NO_ERROR, "the connection was too old");
    }
    this.#checkUnsent(now);
  }

  /** Ends a connection whose client lets much wait, and takes nothing. */
  #checkUnsent(now: number): void {
    const { answerTimeoutMs, maxUnsentBytes } = this.limits;
    const { pendingBytes, takenBytes } = this.sender;
    if (pendingBytes <= maxUnsentBytes / 2 || takenBytes - this.#takenBefore >= MIN_PROGRESS_BYTES) {
      this.#takenBefore = takenBytes;
      this.#takenAt = now;
    } else if (now - this.#takenAt >= answerTimeoutMs) {
      this.fail(new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "the answers are not taken"));
    }
  }

  /** Checks the same of one stream. */
  sweepStream(stream: Http2Stream, now: number): void {
    if (stream.closed) return;
    const { answerTimeoutMs, requestTimeoutMs } = this.limits;
    if (stream instanceof ServerStream) {
      if (stream.hasWaitedSince(now - requestTimeoutMs)) stream.owner.onRequestTimeout();
      else if (stream.pending?.isStuck(now, answerTimeoutMs) === true) stream.owner.onAnswerTimeout();
    }
  }
}

/**
 * The function of a handler that answers a request that is not gRPC; undefined if none does.
 *
 * @throws {StreamError} PROTOCOL_ERROR for an extended CONNECT, if no SETTINGS allow it (RFC 8441, section 4).
 */
function servedBy(
  http: HttpHandler | undefined,
  { isOther, protocol }: Refusal,
): "stream" | "webSocket" | undefined {
  if (protocol === undefined) return isOther && http?.stream !== undefined ? "stream" : undefined;
  if (http?.webSocket === undefined) throw malformed("a pseudo-header field that is unknown");
  return /^websocket$/i.test(protocol) ? "webSocket" : undefined;
}

function peerOf({ remoteAddress, remotePort, remoteFamily }: Socket): string {
  return remoteFamily === "IPv6" ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}
