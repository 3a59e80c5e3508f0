/** The most characters of a value that an error shows. */
const MAX_SHOWN = 60;

/** A value of a URL, as an error shows it. */
export function shown(text: string): string {
  const quoted = JSON.stringify(text);
  return quoted.length > MAX_SHOWN ? `${quoted.slice(0, MAX_SHOWN)}…` : quoted;
}
