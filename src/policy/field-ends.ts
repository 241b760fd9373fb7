// The ends of a field's body, so that no field of many megabytes becomes text as a whole. RFC 5322 sets no limit; ours are in
// limits.ts.
import type { Field } from '#mail/header.ts'

/** The field with no more than the first octets of its body, cut between characters of UTF-8. */
export function firstOctets(field: Field, octets: number): Field {
  if (field.body.length <= octets) return field
  return { ...field, body: field.body.subarray(0, boundaryAt(field.body, octets)) }
}

/** The field with no more than the last octets of its body, cut between characters of UTF-8. */
export function lastOctets(field: Field, octets: number): Field {
  if (field.body.length <= octets) return field
  return { ...field, body: field.body.subarray(boundaryAt(field.body, field.body.length - octets)) }
}

/** The nearest index at or before `at` where a character starts; where it is no UTF-8, three before at most. */
function boundaryAt(octets: Buffer, at: number): number {
  let boundary = at
  while (boundary > Math.max(0, at - 3) && ((octets[boundary] ?? 0) & 0xc0) === 0x80) boundary--
  return boundary
}
