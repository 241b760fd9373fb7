// For commands that take no argument. RFC 5321 §4.1.1.
import { BadCommand } from '#base/faults.ts'

/** Throws BadCommand unless nothing stands behind the verb. */
export function parseNothing(argument: string): null {
  if (argument !== '') throw new BadCommand('The command takes no argument')
  return null
}
