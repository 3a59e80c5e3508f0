import type { ServerCallContext } from "@callwire/transport/server";

/**
 * A call's context with all its parts as properties of its own, since middleware of nice-grpc copy contexts by spreading. What
 * is costly to make is made when it is first read, or copied.
 *
 * @param lazy The names of the parts that are not properties of the call's own.
 */
export function spreadableContext(call: ServerCallContext, lazy: readonly string[]): ServerCallContext {
  const context = {
    get metadata() {
      return call.metadata;
    },
    header: call.header,
    trailer: call.trailer,
    peer: call.peer,
    method: call.method,
    get deadline() {
      return call.deadline;
    },
    authority: call.authority,
    get peerCertificate() {
      return call.peerCertificate;
    },
    get signal() {
      return call.signal;
    },
    sendHeader: () => call.sendHeader(),
    compressResponses: (on: boolean) => call.compressResponses(on),
    wasCompressed: (message: object) => call.wasCompressed(message),
  };
  for (const name of Object.keys(call)) {
    if (!(name in context)) addGetter(context, name, call);
  }
  for (const name of lazy) {
    if (!(name in context)) addGetter(context, name, call);
  }
  return context;
}

function addGetter(context: object, name: string, call: ServerCallContext): void {
  Object.defineProperty(context, name, {
    get: () => (call as unknown as Record<string, unknown>)[name],
    // By assignment or in a copy, it becomes what it is for any context.
    set: (value: unknown) => {
      Object.defineProperty(context, name, { value, enumerable: true, configurable: true, writable: true });
    },
    enumerable: true,
    configurable: true,
  });
}
