import { composeClientMiddleware, type ClientMiddleware } from "nice-grpc-common";
import type { CompatServiceDefinition, NormalizedServiceDefinition } from "../grpc/definition-types.js";
import { checkValue } from "../grpc/check-options.js";
import { methodsOf } from "../grpc/definitions.js";
import { anyObject, callable, options as optionsOf, required } from "../grpc/option-rules.js";
import { callOptionRules, CallOptionsCheck } from "./call-options-check.js";
import { transportChannel, type Channel } from "./channel.js";
import { ClientMethod } from "./client-method.js";
import { clientObject } from "./client-object.js";
import type { CallOptions, Client, DefaultCallOptions } from "./client-types.js";
import { directMethod, methodWithMiddleware } from "./method-shapes.js";

/** Makes clients with middleware. */
export interface ClientFactory<CallOptionsExt = object> {
  /**
   * A factory with another middleware. One that is attached first is invoked last. The factory itself stays as it is.
   */
  use<Ext>(middleware: ClientMiddleware<Ext, CallOptionsExt>): ClientFactory<CallOptionsExt & Ext>;
  /**
   * Makes a client.
   *
   * @param definition Made by ts-proto, by grpc-tools, or in nice-grpc's own form.
   * @param channel Made by `createChannel`.
   * @param defaultCallOptions For all calls of a method, or with `*` of every method.
   * @throws {TypeError} if the channel is of another library, or a default option is not right.
   */
  create<Service extends CompatServiceDefinition>(
    definition: Service,
    channel: Channel,
    defaultCallOptions?: DefaultCallOptions<NormalizedServiceDefinition<Service>, CallOptionsExt>,
  ): Client<Service, CallOptionsExt>;
}

/** Makes a factory of clients, without middleware yet. */
export function createClientFactory(): ClientFactory {
  return factoryWith(undefined);
}

/** Makes a client without middleware: as `createClientFactory().create()`. */
export function createClient<Service extends CompatServiceDefinition>(
  definition: Service,
  channel: Channel,
  defaultCallOptions?: DefaultCallOptions<NormalizedServiceDefinition<Service>>,
): Client<Service> {
  return createClientFactory().create(definition, channel, defaultCallOptions);
}

function factoryWith<CallOptionsExt>(
  middleware: ClientMiddleware | undefined,
): ClientFactory<CallOptionsExt> {
  return {
    use<Ext>(added: ClientMiddleware<Ext, CallOptionsExt>) {
      checkValue("use", "the middleware", added, required(callable));
      const next = added as ClientMiddleware;
      return factoryWith<CallOptionsExt & Ext>(
        middleware === undefined ? next : composeClientMiddleware(middleware, next),
      );
    },
    create<Service extends CompatServiceDefinition>(
      definition: Service,
      channel: Channel,
      defaultCallOptions: Record<string, CallOptions | undefined> = {},
    ) {
      const methods = methodsOf(definition);
      const ours = transportChannel(channel);
      const names = ["*", ...methods.map(({ name }) => name)];
      const rules = Object.fromEntries(names.map((name) => [name, anyObject]));
      checkValue("createClient", "the default options", defaultCallOptions, optionsOf(rules));
      const optionsCheck = new CallOptionsCheck(callOptionRules, middleware !== undefined);
      const called = methods.map((method) => {
        const own = Object.hasOwn(defaultCallOptions, method.name)
          ? defaultCallOptions[method.name]
          : undefined;
        const defaults = { ...defaultCallOptions["*"], ...own };
        const target = new ClientMethod(method, ours, { optionsCheck });
        optionsCheck.check(defaults, target.path);
        return [
          method.name,
          middleware === undefined
            ? directMethod(target, defaults)
            : methodWithMiddleware(target, middleware, defaults),
        ] as const;
      });
      return clientObject(called) as Client<Service, CallOptionsExt>;
    },
  };
}
