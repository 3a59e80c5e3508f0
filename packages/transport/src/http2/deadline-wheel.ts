/** The length of one slot, in milliseconds: a deadline passes late by so much at most, beside what timers are late. Never early. */
export const SLOT_MS = 8;
/** The number of slots that the wheel has: it goes round once in 8.2 seconds. */
const SLOTS = 1024;
/** The time that deadlines that pass together may take before other events have their turn, in milliseconds. */
const MAX_TURN_MS = 4;
/** The number of entries that are looked at between two looks at the clock. */
const ENTRIES_PER_LOOK = 16;

/** Something with a deadline. A call is its own entry, so that a deadline costs no object. Only the wheel writes the links. */
export interface DeadlineEntry extends DeadlineLinks {
  /**
   * When the deadline passes, in milliseconds by the wheel's clock; `Infinity` for never. An entry in the wheel may be
   * given a later one; for an earlier one remove it first.
   */
  deadlineMs: number;
  /** The deadline has passed, and the entry is out of the wheel. It must not throw. */
  onDeadline(): void;
}

/** The neighbours in a slot's ring; both undefined while the entry is in no wheel. */
export interface DeadlineLinks {
  deadlineBefore: DeadlineLinks | undefined;
  deadlineAfter: DeadlineLinks | undefined;
}

/** The head of a ring of entries, which stands in it itself: a ring is never empty. */
class Ring implements DeadlineLinks {
  deadlineBefore: DeadlineLinks = this;
  deadlineAfter: DeadlineLinks = this;

  get isEmpty(): boolean {
    return this.deadlineAfter === this;
  }

  /** Takes over all that stands in another ring. */
  takeAll(other: Ring): void {
    if (other.isEmpty) return;
    const first = other.deadlineAfter;
    const last = other.deadlineBefore;
    other.deadlineBefore = other.deadlineAfter = other;
    first.deadlineBefore = this.deadlineBefore;
    this.deadlineBefore.deadlineAfter = first;
    last.deadlineAfter = this;
    this.deadlineBefore = last;
  }
}

/**
 * The deadlines of many calls behind one timer: a hashed wheel (Varghese and Lauck). To add and to remove an entry are a
 * few writes; no clock is read and nothing is allocated. An entry further away than the wheel is long stays in its slot
 * until its round has come.
 *
 * The timer keeps no process alive, and there is none while the wheel is empty. A call that must keep the process alive has a
 * socket, or a timer of its own.
 */
export class DeadlineWheel {
  readonly #slots: (Ring | undefined)[] = Array.from({ length: SLOTS });
  /** Entries whose slot has come, and whose turn has not. */
  readonly #due = new Ring();
  /** The last slot that has come, counted from the clock's zero. */
  #reached: number;
  /** The slot that the timer waits for; `Infinity` without a timer. */
  #awaited = Infinity;
  #timer: NodeJS.Timeout | undefined;
  #continues = false;
  readonly #now: () => number;

  /** @param now The clock, in milliseconds. It goes back only where a test puts another one in its place. Default: `performance.now()`. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#reached = Math.floor(now() / SLOT_MS);
  }

  /** Adds an entry that is in no wheel. One without a deadline (`Infinity`, `NaN`) is not added. */
  add(entry: DeadlineEntry): void {
    const { deadlineMs } = entry;
    if (!(deadlineMs < Infinity)) return;
    const slot = this.#slotOf(deadlineMs);
    this.#link(entry, slot);
    if (slot < this.#awaited) this.#await(slot);
  }

  /** Removes an entry. Without effect if it is in no wheel. */
  remove(entry: DeadlineEntry): void {
    const { deadlineBefore, deadlineAfter } = entry;
    if (deadlineAfter === undefined) return;
    deadlineBefore!.deadlineAfter = deadlineAfter;
    deadlineAfter.deadlineBefore = deadlineBefore;
    entry.deadlineBefore = entry.deadlineAfter = undefined;
  }

  /** The earliest deadline; `Infinity` without one. It looks at all of them: for clocks that stand still. */
  get earliestMs(): number {
    let earliest = Infinity;
    for (const { deadlineMs } of this.#entries()) earliest = Math.min(earliest, deadlineMs);
    return earliest;
  }

  /** Ends what is due at that time, and does not wait for the end of a slot: for clocks that stand still. */
  passAll(now: number): void {
    const due = Array.from(this.#entries()).filter(({ deadlineMs }) => deadlineMs <= now);
    for (const entry of due) {
      // One that has passed may have removed others.
      if (entry.deadlineAfter === undefined) continue;
      this.remove(entry);
      passDeadline(entry);
    }
  }

  *#entries(): Generator<DeadlineEntry> {
    yield* entriesOf(this.#due);
    for (const ring of this.#slots) if (ring !== undefined && !ring.isEmpty) yield* entriesOf(ring);
  }

  /** The first slot at whose beginning the deadline has passed; never one that has come already. */
  #slotOf(deadlineMs: number): number {
    return Math.max(Math.ceil(deadlineMs / SLOT_MS), this.#reached + 1);
  }

  #link(entry: DeadlineEntry, slot: number): void {
    const ring = (this.#slots[slot % SLOTS] ??= new Ring());
    const last = ring.deadlineBefore;
    entry.deadlineBefore = last;
    entry.deadlineAfter = ring;
    last.deadlineAfter = ring.deadlineBefore = entry;
  }

  /** Sets the timer to the beginning of a slot, or to the end of this round. */
  #await(slot: number): void {
    clearTimeout(this.#timer);
    const now = this.#now();
    const present = Math.floor(now / SLOT_MS);
    if (present < this.#reached) {
      this.#goBackTo(present);
      return;
    }
    const nearest = Math.min(slot, present + SLOTS);
    this.#awaited = nearest;
    this.#timer = setTimeout(this.#onTimer, Math.max(Math.ceil(nearest * SLOT_MS - now), 1));
    this.#timer.unref();
  }

  readonly #onTimer = (): void => {
    this.#awaited = Infinity;
    this.#turn();
    this.#awaitNext();
  };

  /** Sets the timer to the next slot with an entry, of this round or a later one. */
  #awaitNext(): void {
    for (let slot = this.#reached + 1; slot <= this.#reached + SLOTS && slot < this.#awaited; slot++) {
      const ring = this.#slots[slot % SLOTS];
      if (ring === undefined || ring.isEmpty) continue;
      this.#await(slot);
      return;
    }
  }

  /** Ends what is due, or as much of it as a turn may take. */
  #turn(): void {
    const due = this.#due;
    let now = this.#now();
    const until = now + MAX_TURN_MS;
    this.#collect(now);
    for (let looked = 1; !due.isEmpty; looked++) {
      const entry = due.deadlineAfter as DeadlineEntry;
      this.remove(entry);
      if (entry.deadlineMs <= now) passDeadline(entry);
      else if (entry.deadlineMs < Infinity) this.#link(entry, this.#slotOf(entry.deadlineMs));
      if (looked % ENTRIES_PER_LOOK === 0 && (now = this.#now()) >= until) break;
    }
    if (due.isEmpty || this.#continues) return;
    this.#continues = true;
    setImmediate(this.#onContinue);
  }

  readonly #onContinue = (): void => {
    this.#continues = false;
    this.#turn();
    this.#awaitNext();
  };

  /** Takes the entries out of all slots that have come. */
  #collect(now: number): void {
    const reached = Math.floor(now / SLOT_MS);
    if (reached < this.#reached) {
      this.#goBackTo(reached);
      return;
    }
    for (let slot = Math.max(this.#reached, reached - SLOTS) + 1; slot <= reached; slot++) {
      const ring = this.#slots[slot % SLOTS];
      if (ring !== undefined) this.#due.takeAll(ring);
    }
    this.#reached = reached;
  }

  /** Goes on from an earlier time: a test's clock, which begins at zero, has taken the place of the other one, or has left it. */
  #goBackTo(slot: number): void {
    this.#reached = slot;
    for (const entry of Array.from(this.#entries())) {
      this.remove(entry);
      this.#link(entry, this.#slotOf(entry.deadlineMs));
    }
    this.#awaited = Infinity;
    this.#awaitNext();
  }
}

function* entriesOf(ring: Ring): Generator<DeadlineEntry> {
  for (let link = ring.deadlineAfter; link !== ring; link = link.deadlineAfter!) yield link as DeadlineEntry;
}

function passDeadline(entry: DeadlineEntry): void {
  try {
    entry.onDeadline();
  } catch (error) {
    // A fault of ours: it must not keep the others' deadlines from passing, nor end the process.
    process.emitWarning(error instanceof Error ? error : String(error));
  }
}

/** The deadlines of all calls, of both sides, by the clock of `performance.now()`. */
export const deadlines = new DeadlineWheel();
