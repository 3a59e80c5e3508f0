// Types of service definitions, the same as nice-grpc's: each is assignable to its namesake there and the other way round.
// They stand here so that the declarations of this package do not need nice-grpc, nor @grpc/grpc-js.

/** A method of a service: where it is, and how its messages become bytes. `In` is what is passed in, `Out` what comes out. */
export interface MethodDefinition<
  RequestIn,
  RequestOut,
  ResponseIn,
  ResponseOut,
  RequestStream extends boolean = boolean,
  ResponseStream extends boolean = boolean,
> {
  /** `/package.Service/Method`. */
  path: string;
  requestStream: RequestStream;
  responseStream: ResponseStream;
  requestSerialize(value: RequestIn): Uint8Array;
  requestDeserialize(bytes: Uint8Array): RequestOut;
  responseSerialize(value: ResponseIn): Uint8Array;
  responseDeserialize(bytes: Uint8Array): ResponseOut;
  options: { idempotencyLevel?: "IDEMPOTENT" | "NO_SIDE_EFFECTS" };
}

/** A method of any messages. */
// `any`: the messages stand in both places of the codecs, so that no other type takes them all.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyMethodDefinition = MethodDefinition<any, any, any, any>;

/** A service definition in nice-grpc's own form. */
export interface ServiceDefinition {
  [method: string]: AnyMethodDefinition;
}

/** Node.js's Buffer where its types are there: these declarations are for browsers too. */
type NodeBuffer = typeof globalThis extends { Buffer: { isBuffer(value: unknown): value is infer Bytes } }
  ? Bytes
  : Uint8Array;

/** A method of a definition made by grpc-tools or grpc-js. */
export interface GrpcJsMethodDefinition<Request, Response> {
  path: string;
  requestStream: boolean;
  responseStream: boolean;
  requestSerialize(value: Request): NodeBuffer;
  requestDeserialize(bytes: NodeBuffer): Request;
  responseSerialize(value: Response): NodeBuffer;
  responseDeserialize(bytes: NodeBuffer): Response;
}

/** A service definition made by grpc-tools or grpc-js. */
// oxlint-disable-next-line typescript/no-explicit-any
export type GrpcJsServiceDefinition = Readonly<Record<string, GrpcJsMethodDefinition<any, any>>>;

/** A message type made by ts-proto. */
export interface TsProtoMessageType<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(input: Uint8Array): Message;
  fromPartial?(object: unknown): Message;
}

/** A method of a definition made by ts-proto. */
export interface TsProtoMethodDefinition<Request, Response> {
  name: string;
  requestType: TsProtoMessageType<Request>;
  requestStream: boolean;
  responseType: TsProtoMessageType<Response>;
  responseStream: boolean;
  options: { idempotencyLevel?: "IDEMPOTENT" | "NO_SIDE_EFFECTS"; _unknownFields?: object };
}

/** A service definition made by ts-proto (`outputServices=generic-definitions`). */
export interface TsProtoServiceDefinition {
  name: string;
  fullName: string;
  /** The contract that the code was generated from, such as `1.4.0+08a35c68`, if the generator was told its version. */
  contract?: string;
  // oxlint-disable-next-line typescript/no-explicit-any
  methods: Record<string, TsProtoMethodDefinition<any, any>>;
}

/** A service definition of any form that is taken. */
export type CompatServiceDefinition = ServiceDefinition | GrpcJsServiceDefinition | TsProtoServiceDefinition;

/** A service definition of any form, in nice-grpc's own. */
export type NormalizedServiceDefinition<Service extends CompatServiceDefinition> =
  Service extends ServiceDefinition
    ? Service
    : Service extends GrpcJsServiceDefinition
      ? FromGrpcJsServiceDefinition<Service>
      : Service extends TsProtoServiceDefinition
        ? FromTsProtoServiceDefinition<Service>
        : never;

/** The argument of a ts-proto type: a partial message, if it has `fromPartial`. */
// oxlint-disable-next-line typescript/no-explicit-any
type TsProtoMessageIn<Type extends TsProtoMessageType<any>> = Type["fromPartial"] extends (
  object: infer In,
) => unknown
  ? In
  : Type extends TsProtoMessageType<infer Message>
    ? Message
    : never;

type FromTsProtoServiceDefinition<Service extends TsProtoServiceDefinition> = {
  [M in keyof Service["methods"]]: FromTsProtoMethodDefinition<Service["methods"][M]>;
};

type FromTsProtoMethodDefinition<Method> =
  Method extends TsProtoMethodDefinition<infer Request, infer Response>
    ? MethodDefinition<
        TsProtoMessageIn<Method["requestType"]>,
        Request,
        TsProtoMessageIn<Method["responseType"]>,
        Response,
        Method["requestStream"],
        Method["responseStream"]
      >
    : never;

/** The names that are written out: definitions of grpc-tools also have an index signature. */
type MethodNames<Service extends GrpcJsServiceDefinition> = keyof {
  [P in keyof Service as string extends P ? never : number extends P ? never : P]: Service[P];
} &
  keyof Service;

type FromGrpcJsServiceDefinition<Service extends GrpcJsServiceDefinition> = {
  [M in MethodNames<Service>]: Service[M] extends GrpcJsMethodDefinition<infer Request, infer Response>
    ? MethodDefinition<
        Request,
        Request,
        Response,
        Response,
        Service[M]["requestStream"],
        Service[M]["responseStream"]
      >
    : never;
};

/** The message that a client passes in as a request. */
export type MethodRequestIn<Definition extends AnyMethodDefinition> =
  // oxlint-disable-next-line typescript/no-explicit-any
  Definition extends MethodDefinition<infer T, any, any, any> ? T : never;

/** The message that a handler gets as a request. */
export type MethodRequestOut<Definition extends AnyMethodDefinition> =
  // oxlint-disable-next-line typescript/no-explicit-any
  Definition extends MethodDefinition<any, infer T, any, any> ? T : never;

/** The message that a handler answers with. */
export type MethodResponseIn<Definition extends AnyMethodDefinition> =
  // oxlint-disable-next-line typescript/no-explicit-any
  Definition extends MethodDefinition<any, any, infer T, any> ? T : never;

/** The message that a client gets as a response. */
export type MethodResponseOut<Definition extends AnyMethodDefinition> =
  // oxlint-disable-next-line typescript/no-explicit-any
  Definition extends MethodDefinition<any, any, any, infer T> ? T : never;
