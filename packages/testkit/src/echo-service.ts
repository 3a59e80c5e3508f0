import { ServerError, type CallContext } from "nice-grpc-common";
import type { ServiceImplementation } from "nice-grpc";
import type { EchoServiceDefinition, Fault } from "./gen/callwire/echo/v1/echo_service.js";

/** Does what the fault says, if there is one. */
async function misbehave(fault: Fault | undefined, signal: AbortSignal): Promise<void> {
  if (!fault) return;
  if (fault.waitForAbort) {
    await new Promise<never>((_, reject) => {
      const fail = () => reject(signal.reason as Error);
      if (signal.aborted) fail();
      else signal.addEventListener("abort", fail, { once: true });
    });
  }
  if (fault.unexpected) throw new Error(fault.message);
  if (fault.code !== 0) throw new ServerError(fault.code, fault.message);
}

/** Serves the four call shapes. Each implementation calls `observe` with its context first. */
export function echoService(
  observe: (context: CallContext) => void = () => {},
): ServiceImplementation<EchoServiceDefinition> {
  return {
    async echoUnary(request, context) {
      observe(context);
      await misbehave(request.fault, context.signal);
      return { text: request.text };
    },
    async *echoServerStream(request, context) {
      observe(context);
      for (let index = 0; index < request.count; index++) yield { text: request.text, index };
      await misbehave(request.fault, context.signal);
    },
    async echoClientStream(requests, context) {
      observe(context);
      const texts: string[] = [];
      for await (const request of requests) {
        await misbehave(request.fault, context.signal);
        texts.push(request.text);
      }
      return { text: texts.join(","), count: texts.length };
    },
    async *echoBidiStream(requests, context) {
      observe(context);
      for await (const request of requests) {
        await misbehave(request.fault, context.signal);
        yield { text: request.text };
      }
    },
  };
}
