// Both halves. Who needs one of them alone loads less with ./client or ./server.
export * from "./client.js";
export * from "./server.js";
