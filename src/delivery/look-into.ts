// Everything that is attached to a message, looked into as far as it can be: markings, and what could not be. G05, T19
import type { LookInside } from '#delivery/documents.ts'
import type { CountExpansion } from '#delivery/expansion.ts'
import { formRefusal } from '#delivery/form.ts'
import { type AttachedFacts, nothingAttached } from '#delivery/gather.ts'
import type { Inspected, Octets } from '#delivery/inspect.ts'
import type { AttachedReading } from '#policy/attached-markings.ts'

/** Looks into what is attached, and counts what its archives expand to; into nothing of a message whose form is over a limit. */
export async function lookInto(
  parts: { readonly lookInside: LookInside; readonly countExpansion: CountExpansion },
  octets: Octets,
  inspected: Inspected,
  reading?: AttachedReading,
): Promise<AttachedFacts> {
  if (formRefusal(inspected) !== null) return nothingAttached
  const { root } = inspected.structure
  return { ...(await parts.lookInside(octets, root, reading)), unscannable: await parts.countExpansion(octets, root) }
}
