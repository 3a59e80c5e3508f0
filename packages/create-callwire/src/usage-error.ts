/** A mistake of the person who runs the program: its message is all that they need. */
export class UsageError extends Error {}
