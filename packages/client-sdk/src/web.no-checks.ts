// `#checks` under the condition "production": what is wrong was said while the page was written. Bundlers leave out a call
// of a function that is declared without a body, if its arguments are names.

export function checkClient(): void {}

export function checkWebCallOptions(): void {}

export function checkedMiddleware<Phases>(middleware: Phases): Phases {
  return middleware;
}

export function noRequestStreams(): undefined {}

export function unreachableAdvice(): undefined {}

export function noStatusAdvice(): undefined {}

export function redirectAdvice(): undefined {}

export function clearTextAdvice(): undefined {}

export function iterableAdvice(): undefined {}
