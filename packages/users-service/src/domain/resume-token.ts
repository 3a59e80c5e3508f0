import { InvalidFields } from "./errors.js";

const FORM = 1;
const LOG_ID_LENGTH = 8;
/** 48 bits of position: what JavaScript writes and reads as one number. */
const POSITION_LENGTH = 6;

/**
 * Makes and reads resume tokens: a position in one log of changes. They hold the log's id, so that a token of another
 * database is refused; they need no authentication, since every position is anyone's to ask for.
 */
export class ResumeTokens {
  readonly #start: Buffer;

  /** @param logId 8 bytes that no other log has. */
  constructor(logId: Uint8Array) {
    this.#start = Buffer.from([FORM, ...logId]);
  }

  encode(position: number): string {
    const bytes = Buffer.alloc(1 + LOG_ID_LENGTH + POSITION_LENGTH);
    this.#start.copy(bytes);
    bytes.writeUIntBE(position, this.#start.length, POSITION_LENGTH);
    return bytes.toString("base64url");
  }

  /**
   * @param lastPosition Position of the newest change: a token beyond it is of a state that was lost.
   * @throws {InvalidFields} on `resume_token`.
   */
  decode(token: string, lastPosition: number): number {
    const bytes = Buffer.from(token, "base64url");
    if (bytes.length !== this.#start.length + POSITION_LENGTH || bytes.toString("base64url") !== token) {
      throw invalid("is not a token that this service made");
    }
    if (!bytes.subarray(0, this.#start.length).equals(this.#start)) {
      throw invalid("is of another directory");
    }
    const position = bytes.readUIntBE(this.#start.length, POSITION_LENGTH);
    if (position > lastPosition) {
      throw invalid("is ahead of the directory");
    }
    return position;
  }
}

function invalid(reason: string): InvalidFields {
  return new InvalidFields([{ field: "resume_token", reason }]);
}
