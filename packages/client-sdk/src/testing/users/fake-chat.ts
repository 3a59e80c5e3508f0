import { randomUUID } from "node:crypto";
import { EventEmitter, once } from "node:events";
import type { ChatMessage } from "@callwire/contracts/users";
import { textProblem } from "./user-fields.js";
import { Problems } from "./user-errors.js";

const LOBBY = "";
const MAX_ROOMS = 100;

/** One who is in rooms: what it heard and has not read, and how it ends. */
class Participant {
  readonly rooms = new Set([LOBBY]);
  readonly heard: ChatMessage[] = [];
  readonly news = new EventEmitter();
  /** The number of its own messages that it has not read. */
  ownUnread = 0;
  hasSent = false;
  isFinished = false;
  failure: { error: unknown } | undefined;
}

/** The rooms of a fake's chat. */
export class FakeChat {
  readonly #participants = new Set<Participant>();

  /** Takes part: passes on what is sent, and yields what is heard, own messages too, up to the last of these. */
  async *join(outgoing: AsyncIterable<ChatMessage>, signal: AbortSignal): AsyncGenerator<ChatMessage, void> {
    const participant = new Participant();
    this.#participants.add(participant);
    try {
      void this.#passOn(outgoing, participant);
      for (;;) {
        if (participant.failure !== undefined) throw participant.failure.error;
        if (participant.isFinished && participant.ownUnread === 0) return;
        const line = participant.heard.shift();
        if (line === undefined) {
          await once(participant.news, "news", { signal });
          continue;
        }
        if (own.get(line) === participant) participant.ownUnread--;
        yield line;
      }
    } finally {
      this.#participants.delete(participant);
    }
  }

  async #passOn(outgoing: AsyncIterable<ChatMessage>, participant: Participant): Promise<void> {
    try {
      for await (const message of outgoing) this.#send(message, participant);
      participant.isFinished = true;
    } catch (error) {
      participant.failure = { error };
    }
    participant.news.emit("news");
  }

  #send({ sender, content, room }: ChatMessage, participant: Participant): void {
    const problems = new Problems();
    problems.add("sender", textProblem(sender, 0, 100));
    problems.add("content", textProblem(content, 0, 4096));
    problems.add("room", textProblem(room, 0, 100));
    if (!participant.rooms.has(room) && participant.rooms.size >= MAX_ROOMS) {
      problems.add("room", `is one more than the ${MAX_ROOMS} that one participant may be in`);
    }
    problems.throwIfAny();
    participant.rooms.add(room);
    if (!participant.hasSent && room !== LOBBY) participant.rooms.delete(LOBBY);
    participant.hasSent = true;
    participant.ownUnread++;
    const line: ChatMessage = { sender, content, room, id: randomUUID(), sentAt: new Date() };
    own.set(line, participant);
    for (const listener of this.#participants) {
      if (!listener.rooms.has(room)) continue;
      listener.heard.push(line);
      listener.news.emit("news");
    }
  }
}

/** Who has sent a line. */
const own = new WeakMap<ChatMessage, Participant>();
