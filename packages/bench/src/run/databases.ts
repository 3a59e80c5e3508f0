import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SUBJECT, TOKEN, type FullSettings } from "../full/settings.js";
import { builtProgram } from "./built.js";
import { runProgram } from "./programs.js";

/** Longer than it takes to create a million users. */
const SEED_LIMIT_MS = 600_000;

/** The files of a server with the product's features, which go with the server. */
export interface Prepared extends Disposable {
  settings: FullSettings;
}

/** Databases with users in them, made when they are first asked for, for the length of a run. */
export class Databases implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "callwire-bench-users-"));
  readonly #made = new Map<string, Promise<string>>();

  /**
   * Prepares what a server is given. A server that writes gets a copy of the database; one that only reads opens what all
   * open, one after another.
   *
   * @param service The folder of the users service whose code makes the database; undefined makes none.
   */
  async prepare(
    service: string | undefined,
    { users, writes }: { users: number; writes: boolean },
  ): Promise<Prepared> {
    const seeded = service === undefined ? undefined : await this.#seeded(service, users);
    const folder = mkdtempSync(join(this.#folder, "server-"));
    let database = join(folder, "users.db");
    if (seeded !== undefined && writes) cpSync(seeded, database);
    else if (seeded !== undefined) database = seeded;
    const tokens = join(folder, "tokens");
    writeFileSync(tokens, `${SUBJECT} ${TOKEN}\n`);
    return {
      settings: { database, tokens, log: join(folder, "log"), service: service ?? "" },
      [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #seeded(service: string, users: number): Promise<string> {
    const key = `${service} ${users}`;
    let path = this.#made.get(key);
    if (path === undefined) {
      path = this.#seed(service, users, join(this.#folder, `${this.#made.size}-${users}.db`));
      this.#made.set(key, path);
    }
    return path;
  }

  async #seed(service: string, users: number, path: string): Promise<string> {
    const program = [process.execPath, builtProgram("full", "seed.js")];
    await runProgram(program, [service, path, String(users)], SEED_LIMIT_MS);
    if (existsSync(`${path}-wal`)) throw new Error(`${path} was not closed: its log is still beside it`);
    return path;
  }
}
