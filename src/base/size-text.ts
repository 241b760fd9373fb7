// How a number of octets is said to people, on a page and in a refusal. GOV.UK style

/** "812 bytes", "4 KB", "1.2 MB": thousands, as people count them. */
export function sizeText(octets: number): string {
  if (octets < 1000) return octets === 1 ? '1 byte' : `${octets} bytes`
  if (octets < 999_500) return `${Math.round(octets / 1000)} KB`
  return `${(octets / 1_000_000).toFixed(1).replace('.0', '')} MB`
}
