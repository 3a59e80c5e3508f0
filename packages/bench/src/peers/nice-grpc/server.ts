// nice-grpc with its defaults, and the very handlers that @callwire/transport serves.
import { ServerCredentials } from "@grpc/grpc-js";
import { createServer } from "nice-grpc";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { BlobServiceDefinition } from "../../gen/ts-proto/callwire/bench/v1/blob_service.js";
import { Directory } from "../../service/directory.js";
import { blobHandlers, usersHandlers } from "../../service/handlers.js";
import { serve } from "../../service/serve.js";

await serve(async (tls) => {
  const server = createServer();
  server.add(UserServiceDefinition, usersHandlers(new Directory()));
  server.add(BlobServiceDefinition, blobHandlers);
  const credentials =
    tls && ServerCredentials.createSsl(null, [{ private_key: tls.key, cert_chain: tls.cert }]);
  return server.listen("127.0.0.1:0", credentials);
});
