/** Settings of the peers with the product's features, beside those of every server; `ServerSettings.full`. */
export interface FullSettings {
  /** The SQLite database, which the users of the work are in. */
  database: string;
  /** Where the line of each call goes. */
  log: string;
  /** A file with a line `<subject> <token>`, as the users service reads it. */
  tokens: string;
  /** The folder of the built users service whose store the peers share. */
  service: string;
}

/** Who calls, and the token that every client sends. */
export const SUBJECT = "bench";
export const TOKEN = "the-token-of-the-bench-0123456789";
