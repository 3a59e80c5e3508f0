import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createClient, type CallOptions, type Transport } from "@connectrpc/connect";

/** The messages of the echo service, as far as tests use them. */
export interface Echo {
  readonly text?: string;
  readonly index?: number;
  readonly count?: number;
  readonly fault?: { readonly code?: number; readonly message?: string; readonly waitForAbort?: boolean };
}

/** A client of the echo service by protobuf-es. */
export interface EchoClient {
  echoUnary(request: Echo, options?: CallOptions): Promise<Echo>;
  echoServerStream(request: Echo, options?: CallOptions): AsyncIterable<Echo>;
  echoClientStream(requests: AsyncIterable<Echo>, options?: CallOptions): Promise<Echo>;
  echoBidiStream(requests: AsyncIterable<Echo>, options?: CallOptions): AsyncIterable<Echo>;
}

/** Makes a client. @param descriptors A FileDescriptorSet that has the service. */
export function createEchoClient(descriptors: Uint8Array<ArrayBuffer>, transport: Transport): EchoClient {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors));
  const service = registry.getService("callwire.echo.v1.EchoService");
  return createClient(service!, transport) as unknown as EchoClient;
}

/** Messages as a stream. */
export async function* streamOf(...texts: string[]): AsyncGenerator<Echo> {
  for (const text of texts) yield { text };
}

/** The texts of a stream. */
export async function textsOf(messages: AsyncIterable<Echo>): Promise<(string | undefined)[]> {
  const texts: (string | undefined)[] = [];
  for await (const { text } of messages) texts.push(text);
  return texts;
}
