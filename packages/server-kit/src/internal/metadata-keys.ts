/** Carries the id that follows a request through logs and services. */
export const requestIdKey = "x-request-id";
