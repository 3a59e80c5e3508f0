import { ParticipantTooSlow } from "./errors.js";

/** A message of a participant. */
export interface ChatDraft {
  readonly sender: string;
  readonly content: string;
  /** Empty is the lobby. */
  readonly room: string;
}

/** A line that a room hears. One object for all participants: do not change it. */
export interface ChatLine extends ChatDraft {
  /** A UUID. */
  readonly id: string;
  /** In whole milliseconds. */
  readonly sentAt: Date;
}

/** One who takes part in the chat: made by `ChatRooms.join`. */
export interface ChatParticipant {
  /**
   * Says something in a room, and enters it. Leaves the lobby if this is the first line and for another room.
   * @throws {InvalidFields} if the line is out of its limits; nobody hears it, and the participant goes on.
   * @throws what the participant was ended with, if it was.
   */
  send(draft: ChatDraft): void;

  /**
   * Resolves once few enough lines wait to be read that more can be sent. Awaited between sends, it slows down who sends
   * faster than it reads, who would otherwise soon be too slow for its own lines.
   */
  ready(): Promise<void>;

  /** Says that no more will be sent: {@link lines} ends after the last own line, or at once if there was none. */
  finish(): void;

  /** Leaves the chat; {@link lines} throws this error at once. Does nothing if it was ended with an error before. */
  fail(error: unknown): void;

  /**
   * Everything heard, in the order that all hear alike. For one reader, once; leaving the loop leaves the chat.
   * @throws {ParticipantTooSlow} if more lines than the queue holds were waiting to be read.
   * @throws the signal's reason, or the error given to {@link fail}.
   */
  lines(): AsyncGenerator<ChatLine, void>;
}

/** The rooms, as a participant sees them. */
export interface ParticipantOptions {
  readonly queueSize: number;
  readonly send: (draft: ChatDraft) => void;
  /** Called once, when it hears no more. */
  readonly left: () => void;
}

/** The end of a participant: well, or with an error. */
type Ending = { readonly finished: true } | { readonly finished: false; readonly error: unknown };

/** A {@link ChatParticipant} as the rooms see it. */
export class Participant implements ChatParticipant {
  /** Names of the rooms that it is in. */
  readonly rooms = new Set<string>();
  hasSent = false;
  readonly #options: ParticipantOptions;
  #queue: ChatLine[] = [];
  /** The number of lines that were heard since the last own one. */
  #heardSinceOwn = 0;
  #ending: Ending | undefined;
  /** Wakes the reader, if it waits. */
  #wake: (() => void) | undefined;
  /** Wakes who waits in {@link ready}. */
  #drained: (() => void)[] = [];

  constructor(options: ParticipantOptions) {
    this.#options = options;
  }

  send(draft: ChatDraft): void {
    if (this.#ending !== undefined) {
      throw this.#ending.finished ? new Error("Nothing can be sent after finish()") : this.#ending.error;
    }
    this.#options.send(draft);
    this.hasSent = true;
  }

  async ready(): Promise<void> {
    if (!this.#isReady()) {
      await new Promise<void>((resolve) => this.#drained.push(resolve));
    }
  }

  finish(): void {
    if (this.#ending === undefined) {
      const end = this.hasSent ? this.#queue.length - this.#heardSinceOwn : 0;
      this.#queue.length = Math.max(0, end);
      this.#stop({ finished: true });
    }
  }

  async *lines(): AsyncGenerator<ChatLine, void> {
    try {
      for (;;) {
        const line = this.#queue.shift();
        if (line !== undefined) {
          this.#wakeSenders();
          yield line;
        } else if (this.#ending === undefined) {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        } else if (this.#ending.finished) {
          return;
        } else {
          throw this.#ending.error;
        }
      }
    } finally {
      if (this.#ending === undefined) {
        this.fail(new Error("The participant has left"));
      }
    }
  }

  hear(line: ChatLine, own: boolean): void {
    if (this.#queue.length >= this.#options.queueSize) {
      this.fail(new ParticipantTooSlow());
      return;
    }
    this.#queue.push(line);
    this.#heardSinceOwn = own ? 0 : this.#heardSinceOwn + 1;
    this.#wake?.();
  }

  fail(error: unknown): void {
    if (this.#ending === undefined || this.#ending.finished) {
      this.#queue = [];
      this.#stop({ finished: false, error });
    }
  }

  #stop(ending: Ending): void {
    const first = this.#ending === undefined;
    this.#ending = ending;
    if (first) {
      this.#options.left();
    }
    this.#wake?.();
    this.#wakeSenders();
  }

  /** Half the queue is kept free for what others say. */
  #isReady(): boolean {
    return this.#ending !== undefined || this.#queue.length <= this.#options.queueSize / 2;
  }

  #wakeSenders(): void {
    if (this.#isReady()) {
      for (const resolve of this.#drained.splice(0)) {
        resolve();
      }
    }
  }
}
