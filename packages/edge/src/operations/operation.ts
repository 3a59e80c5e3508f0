import type { Exchange } from "../http/exchange.js";
import type { EdgeSettings } from "../serve/settings.js";

/** Answers what those who run a service ask of it, by GET or HEAD. It calls no method, and passes no middleware. */
export type Operation = (exchange: Exchange, settings: EdgeSettings) => Promise<void> | void;
