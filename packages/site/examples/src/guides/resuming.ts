import { resumable, type ClientCallOptions } from "@callwire/client-sdk";
import { createClient } from "@callwire/client-sdk";
import { UserServiceDefinition } from "@callwire/contracts/users";

/** Follows the changes of a directory over lost connections and restarts of either side. */
export async function followChanges(
  address: string,
  position: { load(): string | undefined; save(token: string): void },
  apply: (event: { eventType: string }) => void,
) {
  await using directory = createClient(UserServiceDefinition, { address });

  const open = (resumeToken = "", options: ClientCallOptions) =>
    directory.watchUsers({ departments: ["SALES"], resumeToken }, options);
  const token = position.load();
  const events = resumable(open, {
    tokenOf: (event) => event.resumeToken,
    ...(token !== undefined && { token }),
    stallTimeoutMs: 60_000,
    onResume: ({ error }) => console.warn(`lost the connection: ${error.message}`),
  });
  for await (const event of events) {
    apply(event);
    position.save(event.resumeToken);
    if (event.eventType === "deleted") break;
  }
}
