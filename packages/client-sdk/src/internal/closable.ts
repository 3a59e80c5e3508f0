type Method = (request: never, options?: never) => unknown;

/** Adds what closes a client to its methods. A contract's own method named `close` is called with a request. */
export function closable(methods: Record<string, Method>, onClose: () => void): object {
  let isClosed = false;
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    onClose();
  };
  const own = methods["close"];
  return Object.assign(methods, {
    close:
      own === undefined ? close : (...args: [] | [never]) => (args.length === 0 ? close() : own(...args)),
    [Symbol.asyncDispose]: async () => close(),
  });
}
