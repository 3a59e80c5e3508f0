import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { Department, User, type UserEvent, type WatchRequest } from "@callwire/contracts/users";
import { DEPARTMENTS } from "./user-fields.js";
import { InvalidFields, tokenTooOld } from "./user-errors.js";

/** One change of the directory. */
export interface Change {
  readonly type: "created" | "updated" | "deleted";
  readonly user: User;
  readonly previousDepartment: Department;
  readonly time: Date;
}

/** The changes of a fake's users, in their order, and who watches them. */
export class ChangeLog {
  readonly #changes: Change[] = [];
  /** The number of changes that are forgotten. */
  #forgotten = 0;
  readonly #id = randomBytes(8).toString("base64url");
  readonly #news = new EventEmitter().setMaxListeners(0);
  readonly #heartbeatMs: number;

  /** @param heartbeatMs The time that a watch is silent, in milliseconds. */
  constructor(heartbeatMs: number) {
    this.#heartbeatMs = heartbeatMs;
  }

  append(change: Change): void {
    this.#changes.push(change);
    this.#news.emit("change");
  }

  /** Forgets all changes so far: a watch from before the newest is OUT_OF_RANGE. */
  forget(): void {
    this.#forgotten = this.#changes.length;
  }

  /**
   * A heartbeat, then each change that matches, and a heartbeat after each silence, until the signal aborts.
   *
   * @throws {InvalidFields} at once, on `departments` or `resume_token`.
   */
  watch({ departments, resumeToken }: WatchRequest, signal: AbortSignal): AsyncGenerator<UserEvent, void> {
    const wanted = departments.length === 0 ? undefined : new Set(departments.map(departmentNumber));
    const position = resumeToken === "" ? this.#changes.length : this.#positionIn(resumeToken);
    return this.#follow(position, wanted, signal);
  }

  async *#follow(
    position: number,
    wanted: ReadonlySet<Department> | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<UserEvent, void> {
    if (position < this.#forgotten) throw tokenTooOld();
    yield this.#heartbeat(position);
    for (;;) {
      while (position < this.#changes.length) {
        const { type, user, previousDepartment, time } = this.#changes[position++]!;
        const matches = wanted === undefined || wanted.has(user.department) || wanted.has(previousDepartment);
        if (matches) yield { eventType: type, user, resumeToken: this.#tokenAt(position), eventTime: time };
      }
      if (!(await this.#changeComes(signal))) yield this.#heartbeat(position);
    }
  }

  /** Waits for a change; resolves to false if there was none for too long. */
  async #changeComes(signal: AbortSignal): Promise<boolean> {
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), this.#heartbeatMs).unref();
    try {
      await once(this.#news, "change", { signal: AbortSignal.any([signal, silence.signal]) });
      return true;
    } catch {
      signal.throwIfAborted();
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  #heartbeat(position: number): UserEvent {
    const user = User.fromPartial({ name: "system" });
    return { eventType: "heartbeat", user, resumeToken: this.#tokenAt(position), eventTime: new Date() };
  }

  #tokenAt(position: number): string {
    return `${this.#id}.${position}`;
  }

  #positionIn(token: string): number {
    const invalid = (description: string) => new InvalidFields([{ field: "resume_token", description }]);
    const [, id, position] = /^([\w-]{11})\.(\d{1,15})$/.exec(token) ?? [];
    if (id === undefined) throw invalid("is not a token that this service made");
    if (id !== this.#id) throw invalid("is of another directory");
    if (Number(position) > this.#changes.length) throw invalid("is ahead of the directory");
    return Number(position);
  }
}

function departmentNumber(name: string): Department {
  const number = DEPARTMENTS.indexOf(name);
  if (number >= 0) return number as Department;
  const description = `names ${JSON.stringify(name)}, which is none of ${DEPARTMENTS.join(", ")}`;
  throw new InvalidFields([{ field: "departments", description }]);
}
