// @callwire/transport with its defaults.
import { createServer, ServerCredentials, shareEncoding } from "@callwire/transport";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { BlobServiceDefinition } from "../../gen/ts-proto/callwire/bench/v1/blob_service.js";
import { Directory, replayCount } from "../../service/directory.js";
import { blobHandlers, usersHandlers } from "../../service/handlers.js";
import { serve } from "../../service/serve.js";
import { Replay } from "./replay.js";

await serve(async (tls) => {
  const server = createServer();
  const directory = new Directory();
  directory.past.forEach(shareEncoding);
  server.add(UserServiceDefinition, {
    ...usersHandlers(directory),
    // Events that are there at once come without promises, and are encoded once for all watchers.
    watchUsers({ resumeToken }) {
      const count = replayCount(resumeToken);
      return count === undefined ? directory.log.follow() : new Replay(directory.replay(count));
    },
  });
  server.add(BlobServiceDefinition, blobHandlers);
  const credentials =
    tls && ServerCredentials.createSsl(null, [{ private_key: tls.key, cert_chain: tls.cert }]);
  return server.listen("127.0.0.1:0", credentials);
});
