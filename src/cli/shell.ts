// Words as a POSIX shell reads them: what is printed to be pasted.

/** A word for a POSIX shell. */
export function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
