// The entry point @callwire/transport/nice-grpc-common: what our packages use of nice-grpc-common, whose code the transport has
// built in. As they are published they import it from here, so that a program has it once.
export {
  ClientError,
  composeClientMiddleware,
  composeServerMiddleware,
  Metadata,
  ServerError,
  Status,
} from "nice-grpc-common";
