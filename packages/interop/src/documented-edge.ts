import document from "@callwire/contracts/openapi.json" with { type: "json" };
import { UserServiceDefinition } from "@callwire/contracts/users";
import { createEdge } from "@callwire/edge";
import { docsPage } from "@callwire/edge/docs";
import type { Channel } from "@callwire/transport";

/** An edge before a users service, with the document of its contract and a page that shows it. */
export function documentedEdge(channel: Channel) {
  return createEdge({
    channel,
    services: [UserServiceDefinition],
    openapi: { document, page: docsPage() },
  });
}
