import type { Socket } from "node:net";
import { TLSSocket, type PeerCertificate } from "node:tls";
import type { HeaderList } from "../hpack/header-list.js";
import { BufferedBytes, serverBytes } from "../http2/buffered-bytes.js";
import { Connection } from "../http2/connection.js";
import type { ConnectionEnd } from "../http2/connection-life.js";
import type { ConnectionOptions } from "../http2/connection-options.js";
import { MAX_32_BITS, SETTING_MAX_CONCURRENT_STREAMS } from "../http2/constants.js";
import { checkLength } from "../http2/content-length.js";
import { ConnectionError, ErrorCode } from "../http2/errors.js";
import { Keepalive } from "../http2/keepalive.js";
import { MIN_PROGRESS_BYTES } from "../http2/pending-output.js";
import type { Http2Stream } from "../http2/stream.js";
import type { ServerError } from "nice-grpc-common";
import type { CallHost } from "./call-host.js";
import type { CallScope, CallScopes } from "./call-scope.js";
import { requestHead } from "./request-head.js";
import { RefusedCall } from "./refused-call.js";
import { ServerCall } from "./server-call.js";
import type { ServerMethod } from "./server-method.js";
import type { ServerLimits, ServerStats } from "./server-options.js";
import { ServerStream } from "./server-stream.js";

/** The number of PINGs that may come too early (gRPC A8). */
const MAX_PING_STRIKES = 2;

/** The state that the connections of a server share. */
export interface ServerState {
  readonly methods: ReadonlyMap<string, ServerMethod>;
  readonly limits: ServerLimits;
  readonly stats: ServerStats;
  readonly connections: Set<ServerConnection>;
  readonly scopes: CallScopes;
  /** Ends every call that answers with a stream, if it is there. */
  endReason: ServerError | undefined;
}

/** The server's side of a connection. */
export class ServerConnection extends Connection implements CallHost {
  readonly limits: ServerLimits;
  readonly stats: ServerStats;
  /** The client's address, `host:port`. */
  readonly peer: string;
  readonly #state: ServerState;
  readonly #openedAt = performance.now();
  readonly #maxAgeMs: number;
  readonly #keepalive: Keepalive;
  #idleSince = performance.now();
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
    this.start(
      [[SETTING_MAX_CONCURRENT_STREAMS, Math.min(this.limits.maxConcurrentStreams, MAX_32_BITS)]],
      first,
    );
  }

  /** The client's certificate, if it was verified. */
  get peerCertificate(): PeerCertificate | undefined {
    const { socket } = this;
    if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
    this.#peerCertificate ??= socket.getPeerCertificate();
    return this.#peerCertificate;
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

  protected onNewStream(id: number, list: HeaderList, endStream: boolean): void {
    // RFC 9113, section 5.1.1: clients use odd ids, each higher than those before.
    if (id % 2 === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "a stream with an even id");
    this.ids.opened(id);
    if (this.leave.isFinal || this.streams.size >= this.limits.maxConcurrentStreams) {
      if (!this.leave.isFinal) this.guard.count("refusedStreams");
      this.ids.rememberReset(id);
      this.sender.resetStream(id, ErrorCode.REFUSED_STREAM);
      return;
    }
    const head = requestHead(list, this.#state.methods);
    if (endStream) checkLength(head, 0, true);
    if (head.refusal !== undefined) {
      const refused = new RefusedCall(head, head.refusal, this.sender, this.guard.now);
      this.addStream(refused, id);
      refused.remoteEnded = endStream;
      refused.begin();
      return;
    }
    const call = new ServerCall(this, list, head, this.guard.now);
    this.addStream(call.stream, id);
    call.stream.remoteEnded = endStream;
    this.stats.callsStarted++;
    call.begin();
  }

  protected override onHalfClosed(stream: Http2Stream): void {
    // Nobody reads what the client still sends (RFC 9113, section 8.1).
    this.resetStream(stream, ErrorCode.NO_ERROR);
  }

  protected override onStreamClosed(stream: Http2Stream): void {
    if (stream.localEnded && stream instanceof ServerStream) stream.owner.onSent();
    if (this.streams.size === 0) this.#idleSince = this.guard.now;
  }

  protected onGoAway(): void {
    // The client goes; it will open no streams.
  }

  protected onEnd(_end: ConnectionEnd): void {
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
    const { limits } = this;
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
    if (stream instanceof RefusedCall) {
      if (now - stream.startedAt >= requestTimeoutMs) stream.answer();
    } else if (stream instanceof ServerStream) {
      if (stream.hasWaitedSince(now - requestTimeoutMs)) stream.owner.onRequestTimeout();
      else if (stream.pending?.isStuck(now, answerTimeoutMs) === true) stream.owner.onAnswerTimeout();
    }
  }
}

function peerOf({ remoteAddress, remotePort, remoteFamily }: Socket): string {
  return remoteFamily === "IPv6" ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}
