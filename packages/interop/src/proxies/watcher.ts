import { createUsersClient, type UsersClient, type WatchOptions } from "@callwire/client-sdk/users";
import type { UserEvent } from "@callwire/contracts/users";
import type { NamedClientRuntime } from "./each-proxy.js";
import type { Proxy } from "./proxy.js";

/** A watch of all users through a proxy, which keeps what it saw. Disposing of it closes its channel. */
export class Watcher {
  readonly name: string;
  /** The emails of the users of all changes, in order. */
  readonly seen: string[] = [];
  /** What each connection of it ended with. */
  readonly resumes: string[] = [];
  readonly #users: UsersClient;
  readonly #events: AsyncIterator<UserEvent, undefined>;

  constructor(proxy: Proxy, runtime: NamedClientRuntime, options: WatchOptions = {}) {
    this.name = `${proxy.name} from ${runtime.name}`;
    this.#users = createUsersClient({ ...proxy.client("clear"), ...runtime.options });
    const onResume = ({ error }: { error: unknown }) => void this.resumes.push(String(error));
    const events = this.#users.watchUsers({}, { heartbeats: true, onResume, ...options });
    this.#events = events[Symbol.asyncIterator]();
  }

  /** Reads to the first event of that type, or of that user. */
  async until(wanted: string): Promise<void> {
    for (;;) {
      const { value } = await this.#events.next();
      if (value === undefined) throw new Error(`${this.name}: the watch has ended`);
      if (value.eventType !== "heartbeat") this.seen.push(value.user?.email ?? "");
      if (value.eventType === wanted || value.user?.email === wanted) return;
    }
  }

  [Symbol.dispose]() {
    this.#users.close();
  }
}
