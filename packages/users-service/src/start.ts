import { descriptorSet } from "@callwire/contracts/descriptor-set";
import openApi from "@callwire/contracts/openapi.json" with { type: "json" };
import { createEdge, type CommonEdgeOptions } from "@callwire/edge";
import { docsPage } from "@callwire/edge/docs";
import {
  auth,
  createServer,
  errorBoundary,
  logging,
  requestId,
  tlsCredentials,
  type Logger,
  type ServerRuntime,
  type ShutdownReport,
} from "@callwire/server-kit";
import { logCaller, tokenVerifier } from "./callers.js";
import { ChangeFeed } from "./domain/change-feed.js";
import { ChatRooms } from "./domain/chat-rooms.js";
import { Directory } from "./domain/directory.js";
import { toEventMessage } from "./handlers/convert.js";
import { domainErrors } from "./handlers/domain-errors.js";
import { usersDefinition } from "./handlers/list-encoding.js";
import { userService } from "./handlers/user-service.js";
import type { Settings } from "./settings.js";
import { MemoryUserStore } from "./storage/memory-user-store.js";
import { openSqliteUserStore, type StoreOptions } from "./storage/sqlite-user-store.js";

/** A users service that runs. */
export interface UsersService {
  /** The port it listens on. */
  readonly port: number;
  /** Stops it as {@link CallwireServer.shutdown} does, then closes the database. */
  shutdown(options?: { timeoutMs?: number }): Promise<ShutdownReport>;
  /** Ends a shutdown at once. */
  forceShutdown(): void;
}

/** Puts the service together, and listens. */
export async function startUsersService(
  settings: Settings,
  { logger, runtime }: { logger: Logger; runtime?: ServerRuntime },
): Promise<UsersService> {
  const { database, retainedChanges, heartbeatMs, tokens, tls } = settings;
  const store =
    database === ":memory:"
      ? new MemoryUserStore({ retainedChanges })
      : openSqliteUserStore({ ...limitsOf(settings), path: database });
  try {
    const feed = new ChangeFeed({ store, heartbeatMs, present: toEventMessage });
    const directory = new Directory({ store, feed });
    const authentication = tokens ? ([auth({ verify: tokenVerifier(tokens) }), logCaller()] as const) : [];
    const server = createServer({
      ...(runtime && { runtime }),
      logger,
      ...(settings.reflection && { reflection: descriptorSet }),
      middleware: [
        requestId(),
        logging({ logger }),
        errorBoundary({ logger }),
        ...authentication,
        domainErrors(),
      ],
    }).add(usersDefinition, userService({ directory, chat: new ChatRooms() }));
    if (settings.http) server.http(createEdge({ server, ...edgeOptionsOf(settings) }));
    const credentials = tls && tlsCredentials({ ...tls, logger });
    const port = await server.listen(settings.address, credentials);
    return {
      port,
      async shutdown(options) {
        credentials?.stopWatching();
        const report = await server.shutdown({ timeoutMs: settings.shutdownTimeoutMs, ...options });
        await store.close();
        return report;
      },
      forceShutdown: () => server.forceShutdown(),
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function edgeOptionsOf({ httpHosts: hosts, corsOrigins: origins, reflection }: Settings): CommonEdgeOptions {
  return {
    ...(hosts && { hosts }),
    ...(origins.length > 0 && { cors: { origins } }),
    // They say what reflection says.
    ...(reflection && { openapi: { document: openApi, page: docsPage() } }),
  };
}

function limitsOf(settings: Settings): StoreOptions {
  const { retainedChanges, maxCachedUsers, maxConcurrentLists, maxWaitingLists, listTimeoutMs } = settings;
  return { retainedChanges, maxCachedUsers, maxConcurrentLists, maxWaitingLists, listTimeoutMs };
}
