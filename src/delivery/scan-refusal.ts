// What a scanner could not look into, as a fact for the rules. T19
import type { ScanResult } from '#delivery/scanner.ts'
import type { Unscannable } from '#policy/facts.ts'

/** What the scanner could not look into; nothing where it looked into all. */
export function unscannableOf(result: ScanResult): readonly Unscannable[] {
  if (result.kind !== 'unscannable') return []
  return [{ path: [], why: result.why === 'too-large' ? 'too large' : result.why }]
}
