/** A method's name as errors and logs show it: `package.Service/Method`, without the path's leading slash. */
export function methodName(path: string): string {
  return path.startsWith("/") ? path.slice(1) : path;
}
