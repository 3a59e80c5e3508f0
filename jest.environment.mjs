import asyncHooks from "node:async_hooks";
import { TestEnvironment } from "jest-environment-node";

const storages = new Set();

/** Before Node.js 24, each AsyncLocalStorage that was used takes time of every promise in the process until it is disabled. */
asyncHooks.AsyncLocalStorage = class AsyncLocalStorage extends asyncHooks.AsyncLocalStorage {
  constructor(...args) {
    super(...args);
    storages.add(this);
  }
};

/**
 * The environment of Node.js, of which no AsyncLocalStorage stays behind. Jest makes one for each test file and never disables
 * it: every promise of a worker's hundredth file would take the time of a hundred.
 */
export default class extends TestEnvironment {
  async teardown() {
    await super.teardown();
    for (const storage of storages) storage.disable();
    storages.clear();
  }
}
