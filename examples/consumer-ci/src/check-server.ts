// Says whether a server was made of the contract that this code was generated from: `node dist/check-server.js host:port`. Without an
// address it starts this repository's server and asks that. It fails if the contracts do not fit, or the server names none.
import { CallError, createClient, type Metadata } from "@callwire/client-sdk";
import { ParcelServiceDefinition } from "./gen/parcels/v1/parcel_service.js";
import { createParcelServer } from "./server.js";

const [given] = process.argv.slice(2);
const server = given === undefined ? createParcelServer() : undefined;
const address = given ?? `127.0.0.1:${await server!.listen("127.0.0.1:0")}`;
const parcels = createClient(ParcelServiceDefinition, { address, contractMismatch: "refuse" });
let contract: string | undefined;
const read = (metadata: Metadata) => {
  contract ??= metadata.get("callwire-contract");
};
try {
  await parcels.getParcel({ id: "a parcel that there is not" }, { onHeader: read, onTrailer: read });
} catch (error) {
  // The server's own refusal is an answer too, and names the contract.
  if (!(error instanceof CallError) || error.origin !== "status") {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
} finally {
  parcels.close();
  await server?.shutdown();
}
if (process.exitCode === undefined && contract === undefined) {
  console.error(`${address} names no contract: was its code generated with contract_version?`);
  process.exitCode = 1;
}
if (process.exitCode === undefined)
  console.log(
    `the server has contract ${contract}, this client ${ParcelServiceDefinition.contract}: they fit`,
  );
