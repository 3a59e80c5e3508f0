import type { User } from "../domain/user.js";

/**
 * The users that were read last, by id and by sequence number. It has two generations: when the young one is full, it
 * becomes the old one, and the one before is let go. A hit among the young costs a look-up and no write, which keeping an
 * exact order of use would.
 */
export class UserCache {
  readonly #size: number;
  #young = new Generation();
  #old = new Generation();

  /** @param maxUsers The most users that are kept; 0 keeps none. */
  constructor(maxUsers: number) {
    this.#size = Math.floor(maxUsers / 2);
  }

  byId(id: string): User | undefined {
    const user = this.#young.byId.get(id);
    return user ?? this.#renew(this.#old.byId.get(id));
  }

  bySequence(sequence: number): User | undefined {
    const user = this.#young.bySequence.get(sequence);
    return user ?? this.#renew(this.#old.bySequence.get(sequence));
  }

  /** Keeps a user as it was just read from the database. */
  add(user: User): void {
    if (this.#young.byId.size >= this.#size) {
      this.#old = this.#young;
      this.#young = new Generation();
    }
    if (this.#size > 0) {
      this.#young.add(user);
    }
  }

  /** Puts a user's new state in the place of the one that is kept, if there is one. */
  replace(user: User): void {
    if (this.delete(user.id)) {
      this.add(user);
    }
  }

  /** Returns whether it was there. */
  delete(id: string): boolean {
    const fromYoung = this.#young.delete(id);
    return this.#old.delete(id) || fromYoung;
  }

  clear(): void {
    this.#young = new Generation();
    this.#old = new Generation();
  }

  #renew(user: User | undefined): User | undefined {
    if (user !== undefined) {
      this.#old.delete(user.id);
      this.add(user);
    }
    return user;
  }
}

class Generation {
  readonly byId = new Map<string, User>();
  readonly bySequence = new Map<number, User>();

  add(user: User): void {
    this.byId.set(user.id, user);
    this.bySequence.set(user.sequence, user);
  }

  delete(id: string): boolean {
    const user = this.byId.get(id);
    return user !== undefined && this.bySequence.delete(user.sequence) && this.byId.delete(id);
  }
}
