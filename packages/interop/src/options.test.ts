import { readFileSync } from "node:fs";
import * as sdk from "@callwire/client-sdk";
import { niceGrpc as niceGrpcClient } from "@callwire/client-sdk/nice-grpc";
import { createUsersClient } from "@callwire/client-sdk/users";
import * as kit from "@callwire/server-kit";
import { niceGrpc as niceGrpcServer } from "@callwire/server-kit/nice-grpc";
import { EchoServiceDefinition, testCertificates } from "@callwire/testkit";
import * as transport from "@callwire/transport";
import { describe, expect, test } from "@jest/globals";

async function* noMessages() {}

const { server: certificate } = await testCertificates();
const address = "127.0.0.1:1";
const logger = kit.createLogger();
const verify = () => ({ subject: "anyone", roles: [] });
const stoppable = { shutdown: async () => ({ forced: false, cutOff: [] }), forceShutdown() {} };

type Call = (options: object) => unknown;
const nested =
  (name: string, call: Call): Call =>
  (options) =>
    call({ [name]: options });

/** Every interface of options: its source, and each function that takes such options, with what must be given. */
const taken: Record<string, { file: string; calls: Record<string, Call> }> = {
  "transport ServerOptions": {
    file: "transport/src/server/server-options.ts",
    calls: { createServer: (options) => transport.createServer(options) },
  },
  "transport GrpcJsServerOptions": {
    file: "transport/src/server/server-options.ts",
    calls: { createServer: (options) => transport.createServer(options) },
  },
  "transport ServerLimits": {
    file: "transport/src/server/server-options.ts",
    calls: {
      createServer: nested("limits", (options) => transport.createServer(options)),
      "the kit's createServer": nested("limits", (options) => kit.createServer(options)),
      "the kit's createServer over nice-grpc": nested("limits", (options) =>
        kit.createServer({ runtime: niceGrpcServer, ...options }),
      ),
    },
  },
  "transport ConnectionOptions": {
    file: "transport/src/http2/connection-options.ts",
    calls: {
      createServer: nested("http2", (options) => transport.createServer(options)),
      "the kit's createServer": nested("http2", (options) => kit.createServer(options)),
    },
  },
  "transport Http1Options": {
    file: "transport/src/server/http1-options.ts",
    calls: {
      createServer: nested("http1", (options) => transport.createServer(options)),
      "the kit's createServer": nested("http1", (options) => kit.createServer(options)),
    },
  },
  "transport AbuseLimits": {
    file: "transport/src/http2/abuse-guard.ts",
    calls: {
      createServer: nested(
        "abuse",
        nested("http2", (options) => transport.createServer(options)),
      ),
      "the kit's createServer": nested(
        "abuse",
        nested("http2", (options) => kit.createServer(options)),
      ),
    },
  },
  "transport Rate": {
    file: "transport/src/http2/token-bucket.ts",
    calls: {
      createServer: nested(
        "pings",
        nested(
          "abuse",
          nested("http2", (options) => transport.createServer(options)),
        ),
      ),
    },
  },
  "transport ChannelOptions": {
    file: "transport/src/client/channel-options.ts",
    calls: {
      createChannel: (options) => transport.createChannel(address, undefined, { ...options }),
      createInProcessChannel: (options) =>
        transport.createInProcessChannel(transport.createServer(), { ...options }),
      createClient: nested("channelOptions", (options) =>
        sdk.createClient(EchoServiceDefinition, { address, ...options }),
      ),
    },
  },
  "transport VerifyOptions": {
    file: "transport/src/client/channel-credentials.ts",
    calls: {
      createSsl: (options) => transport.ChannelCredentials.createSsl(null, null, null, options),
    },
  },
  "server-kit ServerOptions": {
    file: "server-kit/src/create-server.ts",
    calls: {
      createServer: (options) => kit.createServer(options),
      "createServer over nice-grpc": (options) => kit.createServer({ runtime: niceGrpcServer, ...options }),
    },
  },
  "server-kit ShutdownOptions": {
    file: "server-kit/src/create-server.ts",
    calls: { shutdown: (options) => kit.createServer().shutdown(options) },
  },
  "server-kit StopOnSignalsOptions": {
    file: "server-kit/src/stop-on-signals.ts",
    calls: { stopOnSignals: (options) => kit.stopOnSignals(stoppable, options) },
  },
  "server-kit TlsOptions": {
    file: "server-kit/src/tls-credentials.ts",
    calls: { tlsCredentials: (options) => kit.tlsCredentials({ ...certificate, ...options }) },
  },
  "server-kit CreateLoggerOptions": {
    file: "server-kit/src/logger.ts",
    calls: { createLogger: (options) => kit.createLogger(options) },
  },
  "server-kit RequestIdOptions": {
    file: "server-kit/src/middleware/request-id.ts",
    calls: { requestId: (options) => kit.requestId(options) },
  },
  "server-kit LoggingOptions": {
    file: "server-kit/src/middleware/logging.ts",
    calls: { logging: (options) => kit.logging({ logger: kit.createLogger(), ...options }) },
  },
  "server-kit ErrorBoundaryOptions": {
    file: "server-kit/src/middleware/error-boundary.ts",
    calls: { errorBoundary: (options) => kit.errorBoundary({ logger: kit.createLogger(), ...options }) },
  },
  "server-kit AuthOptions": {
    file: "server-kit/src/middleware/auth.ts",
    calls: { auth: (options) => kit.auth({ verify: () => "anyone", ...options }) },
  },
  "server-kit RequireRolesOptions": {
    file: "server-kit/src/middleware/require-roles.ts",
    calls: { requireRoles: (options) => kit.requireRoles({ allow: {}, ...options }) },
  },
  "server-kit DefaultMiddlewareOptions": {
    file: "server-kit/src/default-middleware.ts",
    calls: { defaultMiddleware: (options) => kit.defaultMiddleware({ logger, ...options }) },
  },
  "server-kit DefaultMiddlewareWithAuthOptions": {
    file: "server-kit/src/default-middleware.ts",
    calls: { defaultMiddleware: (options) => kit.defaultMiddleware({ logger, verify, ...options }) },
  },
  "server-kit DefaultMiddlewareWithRolesOptions": {
    file: "server-kit/src/default-middleware.ts",
    calls: {
      defaultMiddleware: (options) => kit.defaultMiddleware({ logger, verify, allow: {}, ...options }),
    },
  },
  "server-kit RunServerOptions": {
    file: "server-kit/src/run-server.ts",
    calls: {
      runServer: (options) =>
        kit.runServer(kit.createServer(), { address: "127.0.0.1:0", logger, ...options }),
    },
  },
  "client-sdk ResumableOptions": {
    file: "client-sdk/src/resumable/resumable.ts",
    calls: {
      resumable: (options) => sdk.resumable(noMessages, { tokenOf: () => "", ...options }),
    },
  },
  "client-sdk ClientOptions": {
    file: "client-sdk/src/client-options.ts",
    calls: {
      createClient: (options) => sdk.createClient(EchoServiceDefinition, { address, ...options }),
      "createClient over nice-grpc": (options) =>
        sdk.createClient(EchoServiceDefinition, { address, runtime: niceGrpcClient, ...options }),
      createUsersClient: (options) => createUsersClient({ address, ...options }),
    },
  },
  "client-sdk TlsOptions": {
    file: "transport/src/client/client-runtime.ts",
    calls: {
      createClient: nested("tls", (options) =>
        sdk.createClient(EchoServiceDefinition, { address, ...options }),
      ),
    },
  },
  "client-sdk RetryOptions": {
    file: "client-sdk/src/middleware/retry.ts",
    calls: {
      retry: (options) => sdk.retry(options),
      createClient: nested("retry", (options) =>
        sdk.createClient(EchoServiceDefinition, { address, ...options }),
      ),
    },
  },
  "client-sdk DeadlineOptions": {
    file: "client-sdk/src/middleware/deadline.ts",
    calls: { deadline: (options) => sdk.deadline(options) },
  },
  "client-sdk BearerTokenOptions": {
    file: "client-sdk/src/middleware/bearer-token.ts",
    calls: { bearerToken: (options) => sdk.bearerToken({ token: "t", ...options }) },
  },
  "client-sdk DefaultMetadataOptions": {
    file: "client-sdk/src/middleware/default-metadata.ts",
    calls: { defaultMetadata: (options) => sdk.defaultMetadata({ metadata: {}, ...options }) },
  },
  "client-sdk WatchOptions": {
    file: "client-sdk/src/users/watch.ts",
    calls: {
      watchUsers: (options) => {
        const users = createUsersClient({ address });
        try {
          return users.watchUsers({}, options);
        } finally {
          users.close();
        }
      },
    },
  },
};

/** Interfaces of options that no start can check, and why. */
const perCall: Record<string, string> = {
  "transport CallOptions":
    "of each call, which must not cost more; what has an effect is checked by the call",
  "transport DefaultCallOptions": "call options by the names of methods, which createClient checks",
  "transport ServerTlsOptions": "of the seam: the kit's TlsOptions are these",
  "transport ClientTlsOptions": "of the seam: the SDK's TlsOptions are these",
  "client-sdk ChannelOptions": "the transport's",
  "client-sdk CallOptions": "the transport's",
  "client-sdk ClientCallOptions": "of each call",
  "client-sdk DeadlineCallOptions": "of each call",
  "client-sdk RequestIdCallOptions": "of each call",
  "client-sdk RetryCallOptions": "of each call",
  "server-kit ServiceErrorOptions": "of an error: a mistake in one must not hide it",
  "server-kit ErrorOptions": "of an error",
  "server-kit ResourceOptions": "of an error",
};

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** The names that an interface declares itself. */
function propertiesOf(file: string, name: string): string[] {
  const alias = name === "TlsOptions" && file.startsWith("transport/") ? "ClientTlsOptions" : name;
  const body = new RegExp(`^export interface ${alias}\\b[^{]*\\{\\n(.*?)^\\}`, "ms").exec(read(file))?.[1];
  if (body === undefined) throw new Error(`${file} has no interface ${alias}`);
  return Array.from(body.matchAll(/^ {2}(?:readonly )?"?([\w.]+)"?\??[:(]/gm), ([, property]) => property!);
}

test.each([
  ["transport", ["client", "server", "common"]],
  ["server-kit", ["index"]],
  ["client-sdk", ["index", "users"]],
])("every interface of options of %s is known here", (name, entries) => {
  const index = entries.map((entry) => read(`${name}/src/${entry}.ts`)).join("\n");
  const exported = new Set(index.match(/\b[A-Z]\w*Options\b/g));
  expect(exported.size).toBeGreaterThan(3);
  const known = [...Object.keys(taken), ...Object.keys(perCall)];
  expect([...exported].filter((one) => !known.includes(`${name} ${one}`))).toEqual([]);
});

async function failureOf(call: () => unknown): Promise<Error | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

describe.each(Object.entries(taken))("%s", (name, { file, calls }) => {
  const properties = propertiesOf(file, name.split(" ")[1]!);
  test("has options", () => expect(properties.length).toBeGreaterThan(0));

  describe.each(Object.entries(calls))("of %s", (_function, call) => {
    test.each(properties)("%s is checked", async (property) => {
      for (const value of [Symbol("wrong"), null]) {
        const error = await failureOf(() => call({ [property]: value }));
        expect(error).toBeInstanceOf(TypeError);
        expect(error!.message).toContain(property);
      }
    });

    test("a name that is none is refused, and a slip gets the right one", async () => {
      expect((await failureOf(() => call({ notAnOptionAtAll: 1 })))?.message).toContain("notAnOptionAtAll");
      const [first] = properties as [string];
      const slip = `${first}x`;
      expect((await failureOf(() => call({ [slip]: 1 })))?.message).toMatch(/did you mean '.*'\?/);
    });
  });
});
