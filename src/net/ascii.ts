// A sentence for people on a line of a protocol: typographic characters become what ASCII has for them. RFC 5321 §4.2, RFC 3501 §9

/** The text in printable ASCII, on one line; a run of what ASCII has nothing for becomes a question mark. */
export function asciiOf(text: string): string {
  return text
    .replace(/[‘’]/g, "'")
    .replace(/[“”]/g, '"')
    .replace(/[–—]/g, '-')
    .replace(/›/g, '>')
    .replace(/…/g, '...')
    .replace(/§/g, 'section ')
    .replace(/[^\x20-\x7e]+/g, '?')
}
