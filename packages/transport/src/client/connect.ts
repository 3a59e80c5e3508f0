import type { Socket } from "node:net";
import type { ConnectionOptions } from "../http2/connection-options.js";
import { ErrorCode } from "../http2/errors.js";
import { timerMs } from "../http2/timers.js";
import { ClientConnection, type ConnectionListener, type KeepaliveOptions } from "./client-connection.js";
import { openSocket, type SocketOptions } from "./open-socket.js";
import { formatAddress, type SocketAddress } from "./target.js";

/** How long an address has before the next one is tried beside it, in milliseconds (RFC 8305; gRPC A61). */
const NEXT_ADDRESS_MS = 250;

/** What {@link connect} needs to know. */
export interface ConnectOptions extends SocketOptions {
  /** How long it may take altogether, in milliseconds; `Infinity` for no limit. */
  timeoutMs: number;
  connection: ConnectionOptions;
  keepalive: KeepaliveOptions;
}

/** An attempt to connect, which may be given up. */
export interface ConnectAttempt {
  /** The first connection that is ready for calls. Rejects with an Error that names the addresses and what went wrong. */
  readonly connection: Promise<ClientConnection>;
  cancel(): void;
}

/** Connects to the first of the addresses that answers; they begin one after the other. */
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
  const running = new Set<(reason: string) => void>();
  const errors: string[] = [];
  let next = 0;
  let nextTimer: NodeJS.Timeout | undefined;
  let over = false;

  const finish = () => {
    over = true;
    clearTimeout(nextTimer);
    clearTimeout(timer);
  };
  const giveUp = (reason: string) => {
    if (over) return;
    finish();
    for (const cancel of running) cancel(reason);
    refuse(new Error([...errors, reason].join("; ")));
  };
  const begin = () => {
    clearTimeout(nextTimer);
    const address = addresses[next++];
    if (address === undefined) return;
    const cancel = connectOne(address, options, listener, (error, ready) => {
      running.delete(cancel);
      if (over) return;
      if (ready !== undefined) {
        finish();
        for (const other of running) other("another address was faster");
        give(ready);
        return;
      }
      errors.push(`${formatAddress(address)}: ${error}`);
      if (next < addresses.length) begin();
      else if (running.size === 0) {
        finish();
        refuse(new Error(errors.join("; ")));
      }
    });
    running.add(cancel);
    if (next < addresses.length) nextTimer = setTimeout(begin, NEXT_ADDRESS_MS);
  };

  const timer =
    options.timeoutMs === Infinity
      ? undefined
      : setTimeout(() => {
          const silent = addresses.slice(0, next).map(formatAddress).join(", ");
          giveUp(`${silent}: no connection within ${options.timeoutMs} ms`);
        }, timerMs(options.timeoutMs));
  if (addresses.length === 0) giveUp("the name has no addresses");
  else begin();
  return { connection, cancel: () => giveUp("the channel was closed") };
}

/** Connects to one address; returns what gives that up. `done` is called once, later, unless it was given up. */
function connectOne(
  address: SocketAddress,
  options: ConnectOptions,
  listener: ConnectionListener,
  done: (error: string, ready?: ClientConnection) => void,
): (reason: string) => void {
  let connection: ClientConnection | undefined;
  let over = false;
  const fail = (error: string) => {
    if (over) return;
    over = true;
    done(error);
  };
  const onOpen = (error: string | undefined, socket: Socket) => {
    if (error !== undefined) {
      fail(error);
      return;
    }
    connection = new ClientConnection(socket, formatAddress(address), options.connection, options.keepalive, {
      onReady(ready) {
        over = true;
        done("", ready);
      },
      onRoom: (ready) => listener.onRoom(ready),
      onGoingAway: (ready, tooManyPings) => listener.onGoingAway(ready, tooManyPings),
      onEnded(ended, end) {
        if (over) listener.onEnded(ended, end);
        else fail(`it does not seem to be a gRPC server: ${end.message}`);
      },
    });
  };
  const giveUp = openSocket(address, options, onOpen);
  return (reason) => {
    if (over) return;
    over = true;
    if (connection === undefined) giveUp();
    else connection.destroy(ErrorCode.NO_ERROR, reason);
  };
}
