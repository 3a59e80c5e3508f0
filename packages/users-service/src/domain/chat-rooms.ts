import { randomUUID } from "node:crypto";

import { Participant, type ChatDraft, type ChatLine, type ChatParticipant } from "./chat-participant.js";
import { MAX_CONTENT_LENGTH, MAX_ROOM_LENGTH, MAX_SENDER_LENGTH } from "./limits.js";
import { Problems, textProblem } from "./validation.js";

export type { ChatDraft, ChatLine, ChatParticipant } from "./chat-participant.js";

/** Options for {@link ChatRooms}. */
export interface ChatRoomsOptions {
  /** The number of lines that may wait for one participant; with one more it is too slow. Default: 1,000. */
  queueSize?: number;
  /** The number of rooms that one participant may be in. Default: 100. */
  maxRoomsPerParticipant?: number;
  /** The time in milliseconds since 1970. Default: `Date.now`. */
  clock?: () => number;
  /** Makes the ids of the lines. Default: a random UUID. */
  newId?: () => string;
}

const LOBBY = "";

/** The rooms of a chat. A room exists as long as someone is in it. */
export class ChatRooms {
  readonly #queueSize: number;
  readonly #maxRooms: number;
  readonly #clock: () => number;
  readonly #newId: () => string;
  readonly #rooms = new Map<string, Set<Participant>>();

  constructor({
    queueSize = 1000,
    maxRoomsPerParticipant = 100,
    clock = Date.now,
    newId = randomUUID,
  }: ChatRoomsOptions = {}) {
    this.#queueSize = queueSize;
    this.#maxRooms = maxRoomsPerParticipant;
    this.#clock = clock;
    this.#newId = newId;
  }

  /** The number of rooms. */
  get size(): number {
    return this.#rooms.size;
  }

  /**
   * Lets someone in, to the lobby, until the signal aborts.
   * @throws the signal's reason.
   */
  join(signal?: AbortSignal): ChatParticipant {
    signal?.throwIfAborted();
    const onAbort = (): void => participant.fail(signal?.reason);
    const participant = new Participant({
      queueSize: this.#queueSize,
      send: (draft) => this.#send(participant, draft),
      left: () => {
        signal?.removeEventListener("abort", onAbort);
        for (const room of participant.rooms) {
          this.#leave(participant, room);
        }
      },
    });
    signal?.addEventListener("abort", onAbort);
    this.#enter(participant, LOBBY);
    return participant;
  }

  #send(participant: Participant, { sender, content, room }: ChatDraft): void {
    const problems = new Problems();
    problems.add("sender", textProblem(sender, { min: 0, max: MAX_SENDER_LENGTH }));
    problems.add("content", textProblem(content, { min: 0, max: MAX_CONTENT_LENGTH }));
    problems.add("room", textProblem(room, { min: 0, max: MAX_ROOM_LENGTH }));
    if (!participant.rooms.has(room) && participant.rooms.size >= this.#maxRooms) {
      problems.add("room", `is one more than the ${this.#maxRooms} that one participant may be in`);
    }
    problems.throwIfAny();
    this.#enter(participant, room);
    if (!participant.hasSent && room !== LOBBY) {
      this.#leave(participant, LOBBY);
    }
    const line: ChatLine = { sender, content, room, id: this.#newId(), sentAt: new Date(this.#clock()) };
    for (const listener of this.#rooms.get(room) ?? []) {
      listener.hear(line, listener === participant);
    }
  }

  #enter(participant: Participant, room: string): void {
    const participants = this.#rooms.get(room) ?? new Set();
    this.#rooms.set(room, participants.add(participant));
    participant.rooms.add(room);
  }

  #leave(participant: Participant, room: string): void {
    participant.rooms.delete(room);
    const participants = this.#rooms.get(room);
    participants?.delete(participant);
    if (participants?.size === 0) {
      this.#rooms.delete(room);
    }
  }
}
