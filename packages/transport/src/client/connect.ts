import type { ConnectionEnd } from "../http2/connection-life.js";
import type { ConnectionOptions } from "../http2/connection-options.js";
import { ErrorCode } from "../http2/errors.js";
import { afterReads, timerMs } from "../http2/timers.js";
import { interleaveFamilies } from "./address-order.js";
import { ClientConnection, type ConnectionListener, type KeepaliveOptions } from "./client-connection.js";
import { openSocket, type OpenResult, type SocketOptions } from "./open-socket.js";
import { formatAddress, type SocketAddress } from "./target.js";

/**
 * The time that an address has before the next one is tried beside it, in milliseconds: the Connection Attempt Delay of RFC 8305,
 * section 5, with the value that it recommends (gRPC A61).
 */
export const CONNECTION_ATTEMPT_DELAY_MS = 250;
/** The number of addresses that an error names. */
const MAX_ERRORS_NAMED = 5;

/** The options of {@link connect}. */
export interface ConnectOptions extends SocketOptions {
  /** The time that one address may take, proxy, TLS and SETTINGS included, in milliseconds; `Infinity` for no limit. */
  timeoutMs: number;
  connection: ConnectionOptions;
  keepalive: KeepaliveOptions;
}

/** An attempt to connect, which may be given up. */
export interface ConnectAttempt {
  /** The first connection that is ready for calls. Rejects with an Error that names the addresses and what went wrong. */
  readonly connection: Promise<ClientConnection>;
  /** The addresses have changed: those that left are given up, and new ones are tried too. */
  update(addresses: readonly SocketAddress[]): void;
  cancel(): void;
}

/**
 * Connects to the first of the addresses that answers (RFC 8305): the families take turns, each address begins when the one before
 * has failed or had its time, and the first one that is ready for calls ends the others.
 */
export function connect(
  addresses: readonly SocketAddress[],
  options: ConnectOptions,
  listener: ConnectionListener,
): ConnectAttempt {
  let give = (_connection: ClientConnection): void => {};
  let refuse = (_error: Error): void => {};
  const connection = new Promise<ClientConnection>((resolve, reject) => {
    give = resolve;
    refuse = reject;
  });
  /** Functions that give up the attempts under way, by address. */
  const running = new Map<string, (reason: string) => void>();
  const tried = new Set<string>();
  const errors: string[] = [];
  let queue = interleaveFamilies(addresses);
  let nextTimer: NodeJS.Timeout | undefined;
  let over = false;

  const finish = (reason: string) => {
    over = true;
    clearTimeout(nextTimer);
    for (const cancel of running.values()) cancel(reason);
  };
  const giveUp = (reason: string) => {
    if (over) return;
    finish(reason);
    refuse(new Error(summary([...errors, reason])));
  };
  const begin = () => {
    clearTimeout(nextTimer);
    let address = queue.shift();
    while (address !== undefined && tried.has(formatAddress(address))) address = queue.shift();
    if (address === undefined) {
      if (running.size > 0) return;
      finish("");
      refuse(new Error(errors.length === 0 ? "the name has no addresses" : summary(errors)));
      return;
    }
    const name = formatAddress(address);
    tried.add(name);
    const cancel = connectOne(address, options, listener, (error, ready) => {
      if (over) return;
      running.delete(name);
      if (ready !== undefined) {
        finish("another address was faster");
        give(ready);
        return;
      }
      errors.push(`${name}: ${error}`);
      begin();
    });
    running.set(name, cancel);
    if (queue.length > 0) nextTimer = setTimeout(begin, CONNECTION_ATTEMPT_DELAY_MS).unref();
  };

  begin();
  return {
    connection,
    update(changed) {
      if (over) return;
      const names = new Set(changed.map(formatAddress));
      for (const [name, cancel] of running) {
        if (names.has(name)) continue;
        running.delete(name);
        cancel("the address is no longer one of the name");
      }
      queue = interleaveFamilies(changed);
      if (running.size === 0) begin();
      else if (queue.length > 0) {
        clearTimeout(nextTimer);
        nextTimer = setTimeout(begin, CONNECTION_ATTEMPT_DELAY_MS).unref();
      }
    },
    cancel: () => giveUp("the channel was closed"),
  };
}

function summary(errors: readonly string[]): string {
  const more = errors.length - MAX_ERRORS_NAMED;
  return errors.slice(0, MAX_ERRORS_NAMED).join("; ") + (more > 0 ? `; and ${more} more` : "");
}

/** A server of TLS closes a connection in clear text, most often without a word. */
function tlsHint({ code }: ConnectionEnd, { credentials }: ConnectOptions): string {
  return code === ErrorCode.CONNECT_ERROR && credentials.tls === undefined
    ? " (it may expect TLS: give 'https://' or 'tls', or ChannelCredentials.createSsl())"
    : "";
}

/** Connects to one address; returns what gives that up. `done` is called once, later, unless it was given up. */
function connectOne(
  address: SocketAddress,
  options: ConnectOptions,
  listener: ConnectionListener,
  done: (error: string, ready?: ClientConnection) => void,
): (reason: string) => void {
  const { timeoutMs } = options;
  let connection: ClientConnection | undefined;
  let over = false;
  const finish = () => {
    over = true;
    clearTimeout(timer);
  };
  const cancel = (reason: string) => {
    if (over) return;
    finish();
    if (connection === undefined) giveUp();
    else connection.destroy(ErrorCode.NO_ERROR, reason);
  };
  const fail = (error: string) => {
    if (over) return;
    finish();
    done(error);
  };
  const onOpen = (...[error, socket]: OpenResult) => {
    if (error !== undefined) {
      fail(error);
      return;
    }
    connection = new ClientConnection(socket, formatAddress(address), options.connection, options.keepalive, {
      onReady(ready) {
        finish();
        done("", ready);
      },
      onRoom: (ready) => listener.onRoom(ready),
      onGoingAway: (ready, tooManyPings) => listener.onGoingAway(ready, tooManyPings),
      onEnded(ended, end) {
        if (over) listener.onEnded(ended, end);
        else fail(`it does not seem to be a gRPC server: ${end.message}${tlsHint(end, options)}`);
      },
    });
  };
  const onLate = () => {
    if (over) return;
    const reason = `no connection within ${timeoutMs} ms`;
    cancel(reason);
    done(reason);
  };
  const giveUp = openSocket(address, options, onOpen);
  const timer =
    timeoutMs === Infinity ? undefined : setTimeout(() => afterReads(onLate), timerMs(timeoutMs)).unref();
  return cancel;
}
