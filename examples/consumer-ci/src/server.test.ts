import assert from "node:assert/strict";
import { test } from "node:test";
import { CallError, createClient, Status } from "@callwire/client-sdk";
import { ParcelServiceDefinition } from "./gen/parcels/v1/parcel_service.js";
import { createParcelServer } from "./server.js";

await test("knows where a parcel is, and says that there is none", async () => {
  const server = createParcelServer();
  const address = `127.0.0.1:${await server.listen("127.0.0.1:0")}`;
  const parcels = createClient(ParcelServiceDefinition, { address });
  try {
    assert.equal((await parcels.getParcel({ id: "P1" })).place, "Lisbon");
    await assert.rejects(parcels.getParcel({ id: "P2" }), (error) => {
      return error instanceof CallError && error.code === Status.NOT_FOUND;
    });
  } finally {
    parcels.close();
    await server.shutdown();
  }
});
