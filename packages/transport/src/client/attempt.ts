import type { Writer } from "@callwire/protobuf";
import { ServerError, Status } from "nice-grpc-common";
import { PREFIX_LENGTH } from "../grpc/message-reader.js";
import { isWholeMessage, MessageSource, tooMuchKept, type MessageReceiver } from "../grpc/message-source.js";
import { keepOne, type KeptMessage, type MessageKeeper, type OneMessage } from "../grpc/kept-messages.js";
import { writeKept, writeMessage } from "../grpc/message-writer.js";
import { statusOfErrorCode, statusOfHttpStatus } from "../grpc/status.js";
import type { HeaderList } from "../hpack/header-list.js";
import { checkLength } from "../http2/content-length.js";
import { ErrorCode, StreamError } from "../http2/errors.js";
import { KeptOutput } from "../http2/kept-output.js";
import type { Output } from "../http2/output.js";
import { Http2Stream } from "../http2/stream.js";
import { clientError, textOf } from "./call-errors.js";
import type { ClientConnection, ClientStream } from "./client-connection.js";
import type { ClientMethod } from "./client-method.js";
import type { FailureOrigin } from "./client-phases.js";
import { describePage, ForeignBody, type PageHead } from "./foreign-page.js";
import { responseHead, type ResponseHead } from "./response-head.js";

const EMPTY = Buffer.alloc(0);
/**
 * The sizes of a call's informational responses together, in bytes as RFC 9113, section 6.5.2, counts: some hundred of them.
 * A smaller limit of one header list holds for them, too.
 */
export const MAX_INFORMATIONAL_BYTES = 16 * 1024;
const NOT_GRPC = "the response is not gRPC";

/** The call that an {@link Attempt} is made for. After a failure it hears no more of the attempt. */
export interface AttemptOwner {
  /** Its method: limits, and how messages become bytes. */
  readonly target: ClientMethod;
  /** When the call is over, by the clock of `performance.now()`. */
  readonly deadlineMs: number;
  /** True if the reader of the response waits for a message. */
  readonly wantsMessage: boolean;
  /** The response's headers have come: the attempt is committed (gRPC A6). */
  onCommitted(header: HeaderList): void;
  /**
   * A message of the response; {@link Attempt.giveBack} gets its cost when it is used up. Returns false to get no
   * more before {@link Attempt.onWanted}.
   */
  onResponse(message: unknown, cost: number): boolean;
  /** {@link Attempt.trailer} is there; the end or the failure follows. */
  onTrailers(): void;
  /** The response has ended with OK, and all its messages were handed on. */
  onEnded(): void;
  onFailed(error: unknown, origin: FailureOrigin): void;
  /** The server has not seen the request, and never will on this stream. */
  onUnprocessed(why: string, origin: FailureOrigin): void;
  /** The server gave the call up, and its deadline has passed. */
  onExpired(): void;
  /** The data that waited have been sent. */
  onDrained(): void;
}

/** One attempt of a call, and the stream that carries it: sends the request's messages, and reads the response. */
export class Attempt extends Http2Stream implements ClientStream, MessageKeeper, MessageReceiver, OneMessage {
  /** The trailers, once they have come. */
  trailer: HeaderList | undefined;
  keptOutput: KeptOutput | undefined;
  keptStart = 0;
  keptEnd = 0;
  readonly #owner: AttemptOwner;
  #over = false;
  #head: ResponseHead | undefined;
  /** True if the whole response has come. */
  #isEnding = false;
  /** A response that is not gRPC, while its body comes. */
  #page: { body: ForeignBody; fail: (trailers?: HeaderList) => void } | undefined;
  /** The number of bytes of DATA that have come. */
  #received = 0;
  /** The sizes of the informational responses that have come, together. */
  #informationalBytes = 0;
  /** Made when DATA is not one whole message, or the owner wants no more. */
  #source: MessageSource | undefined;

  constructor(owner: AttemptOwner) {
    super();
    this.#owner = owner;
  }

  /** Grows whenever the server takes something of what waits to be sent, or sends something. */
  get progress(): number {
    return this.#received - (this.pending?.bytes ?? 0);
  }

  get wantsMessage(): boolean {
    return this.#owner.wantsMessage;
  }

  /** Sends one message of the request, which `keeper` keeps as it is sent. */
  send(message: unknown, last: boolean, keeper: MessageKeeper | undefined): void {
    const { definition, maxSendBytes } = this.#owner.target;
    try {
      writeMessage(this.connection!.sender, this, definition.request, message, maxSendBytes, last, keeper);
    } catch (error) {
      // Whose message it is may know what is wrong with it; who answers a request must not.
      if (error instanceof ServerError && error.cause !== undefined)
        this.#fail(error.code, `${error.details}: ${textOf(error.cause)}`, "local", error.cause);
      else this.#failFor(error);
    }
  }

  /** The one message of a request that is no stream, if it is kept. */
  get keptMessage(): KeptMessage | undefined {
    const buffer = this.keptOutput?.between(this.keptStart, this.keptEnd);
    return buffer && { buffer, start: 0, end: buffer.length, compressed: false };
  }

  keepWritten(writer: Writer, length: number, isBorrowed: boolean): void {
    keepOne(this, writer, length, isBorrowed);
  }

  keepOutput(output: Output, start: number, end: number): void {
    this.keptOutput = output.keep(start, end);
    this.keptStart = start + PREFIX_LENGTH;
    this.keptEnd = end;
  }

  keepBytes(buffer: Buffer, start: number, end: number): void {
    this.keptOutput = new KeptOutput(buffer, false);
    this.keptStart = start;
    this.keptEnd = end;
  }

  /** Sends messages of the request with their prefixes, again. */
  sendAgain(messages: Buffer): void {
    if (!this.closed && messages.length > 0) this.connection!.sender.data(this, messages, false);
  }

  /** Sends one message of the request that is encoded already. */
  sendKept(message: KeptMessage, last: boolean): void {
    if (!this.closed) writeKept(this.connection!.sender, this, message, last);
  }

  /** Ends the request. */
  sendEnd(): void {
    if (!this.closed) this.connection!.sender.data(this, EMPTY, true);
  }

  /** Ends the attempt: what still comes of it reaches nobody. */
  close(): void {
    this.#over = true;
    this.#page?.body.close();
    this.#source?.close();
    if (this.connection === undefined || this.closed || (this.localEnded && this.remoteEnded)) return;
    // RFC 9113, section 8.1: a whole response makes the rest of the request needless, without an error.
    this.connection.resetStream(this, this.remoteEnded ? ErrorCode.NO_ERROR : ErrorCode.CANCEL);
  }

  /** A message of this cost is used up: the server may send as much again. */
  giveBack(cost: number): void {
    // The peer got credit for unread bytes when the stream was closed.
    if (!this.closed) this.connection!.consume(this, cost);
  }

  /** The reader of the response wants a message, and there is none. */
  onWanted(): void {
    this.#source?.wanted();
  }

  onUnprocessed(why: string): void {
    this.#unprocessed(why, "connection");
  }

  onAborted(code: ErrorCode, message: string): void {
    if (this.#over || this.#isEnding) return;
    if (this.#page !== undefined) {
      this.#page.fail();
      return;
    }
    const { end, endReason, peer } = this.connection as ClientConnection;
    if (end !== undefined) {
      this.#fail(Status.UNAVAILABLE, `the connection to ${peer} was lost: ${endReason}`, "connection");
    } else if (code === ErrorCode.REFUSED_STREAM) this.#unprocessed(message, "reset");
    // A server ends a call that is late in this way too.
    else if (code === ErrorCode.CANCEL && performance.now() >= this.#owner.deadlineMs) {
      this.#owner.onExpired();
    } else this.#fail(statusOfErrorCode(code), message, "reset");
  }

  onRoomForMessage(): void {
    this.#source?.creditPartial();
  }

  onLessCredit(): void {
    this.#source?.creditPartial();
  }

  onFull(): void {
    this.#failFor(tooMuchKept());
  }

  onDrained(): void {
    if (!this.#over) this.#owner.onDrained();
  }

  onHeaders(list: HeaderList, endStream: boolean): void {
    if (list.tooLarge) {
      const { maxHeaderListSize } = (this.connection as ClientConnection).options;
      this.#fail(
        Status.RESOURCE_EXHAUSTED,
        `metadata of ${list.size} bytes, where ${maxHeaderListSize} are allowed`,
        "local",
      );
      return;
    }
    const head = responseHead(list);
    if (this.#head !== undefined) {
      if (!endStream || head.httpStatus !== undefined) {
        throw new StreamError(ErrorCode.PROTOCOL_ERROR, "HEADERS inside a response");
      }
      if (this.#page !== undefined) {
        this.#page.fail(list);
        return;
      }
      checkLength(this.#head, this.#received, true);
      this.#onTrailers(list);
      return;
    }
    const { httpStatus } = head;
    if (httpStatus === undefined)
      throw new StreamError(ErrorCode.PROTOCOL_ERROR, "a response without :status");
    if (httpStatus.charCodeAt(0) === 0x31 /* 1 */) {
      // RFC 9113, section 8.1: informational responses come before the one that counts.
      if (endStream) throw new StreamError(ErrorCode.PROTOCOL_ERROR, "a response that ends with 1xx");
      this.#countInformational(list.size);
      return;
    }
    this.#head = head;
    (this.connection as ClientConnection).hasServed = true;
    if (!this.#isContractRight(head.contract)) return;
    if (endStream) {
      checkLength(head, 0, true);
      this.#onTrailers(list);
    } else if (httpStatus !== "200") {
      this.#awaitPage(
        list,
        statusOfHttpStatus(Number(httpStatus)),
        `HTTP status ${httpStatus}`,
        httpOrigin(httpStatus),
      );
    } else if (!head.isGrpc) this.#awaitPage(list, Status.UNKNOWN, NOT_GRPC, "reset");
    else {
      this.keptOutput = undefined;
      this.#owner.onCommitted(list);
    }
  }

  /** Each costs its server little, and no window holds them back. */
  #countInformational(size: number): void {
    const { maxHeaderListSize } = (this.connection as ClientConnection).options;
    const most = Math.min(maxHeaderListSize, MAX_INFORMATIONAL_BYTES);
    this.#informationalBytes += size;
    if (this.#informationalBytes <= most) return;
    this.#fail(
      Status.RESOURCE_EXHAUSTED,
      `informational responses of ${this.#informationalBytes} bytes, where ${most} are allowed`,
      "local",
    );
  }

  /** Lets the client know of a contract that the answer before did not name. Returns false if that has failed the call. */
  #isContractRight(contract: string | undefined): boolean {
    const { contracts, definition } = this.#owner.target;
    if (contract === undefined || contracts === undefined || contract === contracts.last) return true;
    try {
      contracts.onContract(contract, definition.descriptor);
      contracts.last = contract;
      return true;
    } catch (error) {
      this.#owner.onFailed(error, "local");
      return false;
    }
  }

  onData(buffer: Buffer, start: number, end: number, endStream: boolean): void {
    if (this.#head === undefined) throw new StreamError(ErrorCode.PROTOCOL_ERROR, "DATA before HEADERS");
    this.#received += end - start;
    checkLength(this.#head, this.#received, endStream);
    if (this.#page !== undefined) {
      if (this.#page.body.add(buffer, start, end) || endStream) this.#page.fail();
      else this.giveBack(end - start);
      return;
    }
    if (
      this.#source === undefined &&
      isWholeMessage(buffer, start, end, this.#owner.target.maxReceiveBytes)
    ) {
      const goesOn = this.onWholeMessage(buffer, start + PREFIX_LENGTH, end, false, end - start);
      if (!goesOn && !this.#over) this.#messageSource().pause();
    } else if (end > start) this.#messageSource().read(buffer, start, end);
    if (endStream && !this.#over) this.#finish();
  }

  onWholeMessage(buffer: Buffer, start: number, end: number, _compressed: boolean, cost: number): boolean {
    let message: unknown;
    try {
      message = this.#owner.target.definition.response.decode(buffer, start, end);
    } catch (error) {
      this.#fail(Status.INTERNAL, `a response message cannot be decoded: ${textOf(error)}`, "local", error);
      return false;
    }
    return this.#owner.onResponse(message, cost);
  }

  onMessagesEnd(): void {
    this.#complete();
  }

  onReadFailed(error: unknown): void {
    // A proxy may go on with something else where a server was lost: what is no message is no status either.
    this.#failFor(error, error instanceof ServerError && error.code === Status.INTERNAL ? "reset" : "local");
  }

  #messageSource(): MessageSource {
    return (this.#source ??= new MessageSource(
      this,
      this,
      this.#owner.target.maxReceiveBytes,
      this.#head!.encoding,
    ));
  }

  #onTrailers(list: HeaderList): void {
    this.trailer = list;
    this.#owner.onTrailers();
    if (!this.#over) this.#finish();
  }

  /** The response has ended; what of it was not read comes first. */
  #finish(): void {
    this.#isEnding = true;
    if (this.#source === undefined) this.#complete();
    else this.#source.end();
  }

  #complete(): void {
    const head = this.trailer === undefined ? this.#head! : responseHead(this.trailer);
    // A header is the status of a response without a body (gRPC over HTTP/2, "Responses"); one after it is cut off.
    const isCutOff = this.trailer === undefined && this.#received > 0;
    const status = isCutOff ? undefined : head.status;
    if (status === undefined) {
      const { httpStatus } = head;
      if (httpStatus !== undefined && httpStatus !== "200") {
        const why = describePage(`HTTP status ${httpStatus}`, pageHead(this.trailer!), EMPTY);
        this.#fail(statusOfHttpStatus(Number(httpStatus)), why, httpOrigin(httpStatus));
      } else {
        const isGrpc = (this.#head ?? head).isGrpc;
        const why = isGrpc
          ? "the response has no grpc-status"
          : describePage(NOT_GRPC, pageHead(this.trailer!), EMPTY);
        this.#fail(Status.UNKNOWN, why, "reset");
      }
    } else if (status !== Status.OK) this.#fail(status, head.message, "status");
    else if (this.#source?.isBetweenMessages === false) {
      this.#fail(Status.INTERNAL, "the response ended inside a message", "local");
    } else this.#owner.onEnded();
  }

  /**
   * The response is not gRPC: the call fails when the beginning of its body says what it is. Where an error of gRPC has an HTTP
   * status of its own, its `grpc-status` counts, as it does in trailers alone.
   */
  #awaitPage(list: HeaderList, code: Status, what: string, origin: FailureOrigin): void {
    const body = new ForeignBody(() => page.fail());
    const page = {
      body,
      fail: (trailers?: HeaderList) => {
        body.close();
        const isStated = this.#head!.isGrpc && (trailers !== undefined || this.#received === 0);
        const { status, message } = responseHead(trailers ?? list);
        if (!isStated || status === undefined || status === Status.OK) {
          this.#fail(code, describePage(what, pageHead(list), body.bytes), origin);
          return;
        }
        if (trailers !== undefined) {
          this.trailer = trailers;
          this.#owner.onTrailers();
        }
        this.#fail(status, message, "status");
      },
    };
    this.#page = page;
  }

  #unprocessed(why: string, origin: FailureOrigin): void {
    if (this.#over) return;
    if (this.#head === undefined) this.#owner.onUnprocessed(why, origin);
    else this.#fail(Status.UNAVAILABLE, why, origin);
  }

  /** A message of the request could not be encoded. */
  failToSend(error: unknown): void {
    this.#failFor(error);
  }

  #failFor(error: unknown, origin: FailureOrigin = "local"): void {
    if (error instanceof ServerError) this.#fail(error.code, error.details, origin, error.cause);
    else this.#fail(Status.INTERNAL, textOf(error), origin, error);
  }

  #fail(code: Status, details: string, origin: FailureOrigin, cause?: unknown): void {
    if (this.#over) return;
    this.#owner.onFailed(clientError(this.#owner.target.path, code, details, origin, cause), origin);
  }
}

/** The fields of a response that say whose it is. */
function pageHead({ fields }: HeaderList): PageHead {
  const valueOf = (name: string): string | undefined => {
    const at = fields.findIndex((field, i) => i % 2 === 0 && field === name);
    return at < 0 ? undefined : fields[at + 1];
  };
  return { contentType: valueOf("content-type"), server: valueOf("server") };
}

/** An error of a proxy's is no status; one that blames the request would come again. */
function httpOrigin(httpStatus: string): FailureOrigin {
  return httpStatus >= "500" ? "reset" : "status";
}
