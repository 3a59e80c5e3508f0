import { stopOnSignals } from "@callwire/server-kit";
import { createParcelServer } from "./server.js";

const server = createParcelServer();
const port = await server.listen(process.env["PARCELS_ADDRESS"] ?? "127.0.0.1:50051");
console.log(`listening on port ${port}`);
await stopOnSignals(server);
