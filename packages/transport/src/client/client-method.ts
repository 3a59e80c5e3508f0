import type { MethodDescriptor } from "nice-grpc-common";
import type { Method } from "../grpc/definitions.js";
import { HeaderFields } from "../hpack/header-fields.js";
import { ACCEPT_ENCODING } from "../grpc/compression.js";
import type { CallOptionsCheck } from "./call-options-check.js";
import type { CallScope } from "./call-scope.js";
import type { TransportChannel } from "./channel.js";
import type { ClientPhases } from "./client-phases.js";

/** The contracts that servers name to one client. */
export interface ServerContracts {
  /** The one that was heard of last. */
  last: string | undefined;
  /** Hears of another one; what it throws fails the call. */
  readonly onContract: (contract: string, method: MethodDescriptor) => void;
}

/** The parts of a client that stand around the calls of its methods. */
export interface AroundCalls {
  /** The phases that run around each call of the method. Default: none. */
  readonly phases?: ClientPhases | undefined;
  /** Where calls are kept while they run. Default: nowhere. */
  readonly scope?: CallScope;
  /** Default: nobody wants to hear of them. */
  readonly contracts?: ServerContracts | undefined;
  /** Default: options are looked at by those who heed them. */
  readonly optionsCheck?: CallOptionsCheck;
}

/** A method of a service at a channel: what all its calls share. */
export class ClientMethod {
  readonly channel: TransportChannel;
  readonly path: string;
  readonly definition: Method;
  /** The request's header fields, but for the metadata. */
  readonly fields: HeaderFields;
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  /** The phases that run around each call; undefined for nothing. */
  readonly phases: ClientPhases | undefined;
  /** True if one of the phases may run when something comes in, outside of what the caller runs in. */
  readonly hasLatePhases: boolean;
  /** Where its calls are kept while they run; undefined for nowhere. */
  readonly scope: CallScope | undefined;
  /** The client's, which all its methods share; undefined if nobody wants to hear of them. */
  readonly contracts: ServerContracts | undefined;
  /** Checks the options of each call; undefined if another one has. */
  readonly optionsCheck: CallOptionsCheck | undefined;

  constructor(
    definition: Method,
    channel: TransportChannel,
    { phases, scope, contracts, optionsCheck }: AroundCalls = {},
  ) {
    const { settings, secure, authority } = channel;
    this.channel = channel;
    this.definition = definition;
    this.path = definition.descriptor.path;
    this.maxReceiveBytes = settings.maxReceiveBytes;
    this.maxSendBytes = settings.maxSendBytes;
    this.phases = phases;
    this.hasLatePhases = phases !== undefined && hasLatePhases(phases);
    this.scope = scope;
    this.contracts = contracts;
    this.optionsCheck = optionsCheck;
    this.fields = new HeaderFields([
      ":method",
      "POST",
      ":scheme",
      secure ? "https" : "http",
      ":path",
      this.path,
      ":authority",
      authority,
      "te",
      "trailers",
      "content-type",
      "application/grpc",
      "user-agent",
      settings.userAgent,
      "grpc-accept-encoding",
      ACCEPT_ENCODING,
    ]);
  }
}

function hasLatePhases({ request, response, retryAfterMs, failed, ended }: ClientPhases): boolean {
  return (
    request !== undefined ||
    response !== undefined ||
    retryAfterMs !== undefined ||
    failed !== undefined ||
    ended !== undefined
  );
}
