import { fileURLToPath } from "node:url";

/** The folder with the contract that everything started from: foreign clients are made from it, not from ours. */
export const seedFolder = fileURLToPath(new URL("../seed", import.meta.url));

/** The seed's contract, relative to {@link seedFolder}. */
export const seedFile = "users/user_service.proto";
