import type { ChangeType } from "./user-store.js";
import type { User } from "./user.js";

/** An event that a watcher sees. One object for all watchers: it is not to be changed. */
export type UserEvent = UserChanged | Heartbeat;

/** A user was created, updated or deleted. */
export interface UserChanged {
  readonly type: ChangeType;
  /** The user after the change, or as it last was. */
  readonly user: User;
  /** Names the position right after this change. */
  readonly resumeToken: string;
  readonly time: Date;
}

/** A sign of life, and of how far the watcher has seen the log. */
export interface Heartbeat {
  readonly type: "heartbeat";
  readonly resumeToken: string;
  readonly time: Date;
}
