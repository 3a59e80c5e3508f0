import type { EdgeCall } from "./edge-method.js";

/** Adds fields to the line of a call, where the kit's `logging` is among the middleware. */
export function addLogFields(call: EdgeCall, fields: Readonly<Record<string, string>>): void {
  const { addLogFields: add } = call as { addLogFields?: (fields: Record<string, unknown>) => void };
  add?.(fields);
}
