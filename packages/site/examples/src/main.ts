import { stopOnSignals } from "@callwire/server-kit";
import { createStockServer, logger } from "./service.js";

const { ADDRESS = "127.0.0.1:50051", TOKEN } = process.env;
if (!TOKEN) throw new Error("set TOKEN, the token that callers must send");

const server = createStockServer(TOKEN);
logger.info({ port: await server.listen(ADDRESS) }, "listening");
logger.info(await stopOnSignals(server), "stopped");
