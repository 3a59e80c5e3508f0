import { EventEmitter, on } from "node:events";
import { createServer, defaultMiddleware, invalidArgument, type Logger } from "@callwire/server-kit";
import { GreeterServiceDefinition } from "./gen/greeter/v1/greeter_service.js";

/** Somebody who may call. */
export interface Caller {
  readonly name: string;
  readonly roles: readonly string[];
}

/** The parts of the server that are others in tests. */
export interface Parts {
  logger: Logger;
  /** Knows a caller by its token. */
  verify: (token: string) => Caller | undefined;
}

/** Makes the server; nothing listens yet. */
export function createGreeterServer({ logger, verify }: Parts) {
  const greetings = new EventEmitter().setMaxListeners(0);
  const allow = { "greeter.v1.GreeterService/*": "greeter" };
  const middleware = defaultMiddleware({ logger, verify, allow });
  return createServer({ logger, middleware }).add(GreeterServiceDefinition, {
    greet({ name }, { auth, log }) {
      const violations = [{ field: "name", description: "is required" }];
      if (name === "") throw invalidArgument({ violations });
      const greeting = `Hello ${name}, from ${auth.name}!`;
      greetings.emit("greeting", greeting);
      log.info({ name }, "greeted");
      return { greeting };
    },

    async *watchGreetings(_request, { signal, sendHeader }) {
      const events = on(greetings, "greeting", { signal });
      // Tells the client that it watches.
      sendHeader();
      for await (const [greeting] of events) yield { greeting: greeting as string };
    },
  });
}
