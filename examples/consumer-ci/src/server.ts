import {
  type CallwireServer,
  createLogger,
  createServer,
  errorBoundary,
  logging,
  notFound,
  requestId,
} from "@callwire/server-kit";
import { ParcelServiceDefinition } from "./gen/parcels/v1/parcel_service.js";

const places = new Map([["P1", "Lisbon"]]);

/** Makes the server; nothing listens yet. */
export function createParcelServer(): CallwireServer<object> {
  const logger = createLogger({ name: "parcels", level: "warn" });
  const middleware = [requestId(), logging({ logger }), errorBoundary({ logger })] as const;
  return createServer({ middleware }).add(ParcelServiceDefinition, {
    async getParcel({ id }) {
      const place = places.get(id);
      if (place === undefined) throw notFound({ resource: "parcels.v1.Parcel", id });
      return { place };
    },
  });
}
