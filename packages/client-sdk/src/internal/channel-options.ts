import type { ChannelOptions } from "@callwire/transport/client";

/** A channel's default options, in grpc-js's names. */
export const defaultChannelOptions: ChannelOptions = {
  // Servers of gRPC allow a PING each 5 minutes unless they are told otherwise (gRPC A8), and end the connection of one who pings
  // more often. Balancers of clouds drop a connection that was silent for 350 seconds. A call that waits for a dead connection
  // ends earlier, by its deadline, or when its requests or a watch's events stall.
  "grpc.keepalive_time_ms": 330_000,
  "grpc.keepalive_timeout_ms": 20_000,
  // While a channel waits to reconnect, its calls fail at once: a first wait of the stock second would outlast most of a
  // call's retries, and a ceiling of the stock two minutes would keep clients away from a server long since back.
  "grpc.initial_reconnect_backoff_ms": 250,
  "grpc.max_reconnect_backoff_ms": 20_000,
  // gRPC's usual 4 MiB does not hold a full page of the largest users.
  "grpc.max_receive_message_length": 16 * 1024 * 1024,
};
