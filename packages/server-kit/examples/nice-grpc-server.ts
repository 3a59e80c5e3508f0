import { createServer } from "@callwire/server-kit";
import { niceGrpc } from "@callwire/server-kit/nice-grpc";

export const server = createServer({ runtime: niceGrpc });
