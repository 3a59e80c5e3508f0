import type { Client, CompatServiceDefinition, ServiceImplementation } from "@callwire/transport";
import { createServer } from "../create-server.js";
import {
  defaultMiddleware,
  type DefaultMiddleware,
  type DefaultMiddlewareWithAuth,
} from "../default-middleware.js";
import type { ContextAfter } from "../middleware-order.js";
import type { Principals } from "./principals.js";
import { testServer, type TestRun } from "./test-server.js";

/** Options for {@link testService}. */
export interface TestServiceOptions<P extends Principals> {
  /** The principals that may be signed in, by name. Calls then pass `auth`, and handlers find the principal in `context.auth`. */
  principals: P;
  /** The name of the principal that calls by `client`. Default: nobody. */
  as?: keyof P & string;
}

/** A service under test. */
export interface TestService<
  Service extends CompatServiceDefinition,
  P extends Principals = {},
> extends TestRun<P> {
  readonly client: Client<Service>;
  /** A client that calls as somebody else. */
  as(name: keyof P & string): Client<Service>;
}

/**
 * Serves handlers within this process behind `defaultMiddleware`, with a client: one line for a test. For middleware of your own, or
 * for the server as it is, use `testServer`.
 */
export async function testService<Service extends CompatServiceDefinition, const P extends Principals>(
  definition: Service,
  implementation: ServiceImplementation<Service, ContextAfter<DefaultMiddlewareWithAuth<P[keyof P]>>>,
  options: TestServiceOptions<P>,
): Promise<TestService<Service, P>>;
export async function testService<Service extends CompatServiceDefinition>(
  definition: Service,
  implementation: ServiceImplementation<Service, ContextAfter<DefaultMiddleware>>,
): Promise<TestService<Service>>;
export async function testService<Service extends CompatServiceDefinition, P extends Principals>(
  definition: Service,
  implementation: object,
  options?: TestServiceOptions<P>,
): Promise<TestService<Service, P>> {
  const { principals, as } = options ?? {};
  const test = await testServer<P>(
    ({ logger, verify }) =>
      createServer({
        middleware:
          principals === undefined ? defaultMiddleware({ logger }) : defaultMiddleware({ logger, verify }),
      }).add(definition, implementation as ServiceImplementation<Service>),
    principals === undefined ? {} : { principals },
  );
  const { client, ...run } = test;
  return {
    ...run,
    client: client(definition, as === undefined ? {} : { as }),
    as: (name) => client(definition, { as: name }),
  };
}
