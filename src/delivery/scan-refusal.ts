// What a scan says, for the doors: malicious content is refused, whoever sends it; what could not be scanned is for the rules. T19
import { refused } from '#base/faults.ts'
import type { ScanResult } from '#delivery/scanner.ts'
import type { Unscannable } from '#policy/facts.ts'

export const contentIsMalicious = refused(
  'T19',
  'content-is-malicious',
  'the virus scanner found malicious content',
  'Do not send it again: have your computer checked, and tell the Helpdesk if you did not expect this.',
)

/** What the scanner could not look into, as a fact for the rules; nothing where it looked into all. */
export function unscannableOf(result: ScanResult): readonly Unscannable[] {
  if (result.kind !== 'unscannable') return []
  return [{ path: [], why: result.why === 'too-large' ? 'too large' : result.why }]
}
