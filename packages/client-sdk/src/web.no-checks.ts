// `#checks` under the condition "production": what is wrong was said while the page was written. Bundlers leave out a call
// of a function that is declared without a body, if its arguments are names.

export function checkWebOptions(): void {}

export function checkWebCallOptions(): void {}
