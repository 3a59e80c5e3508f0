/** The metadata key that carries the request id. */
export const requestIdKey = "x-request-id";
