// Sets of sequence numbers or UIDs: resolved against what is there, never expanded beyond it. RFC 3501 §9 (sequence-set), RFC
// 4315 (uid-set).

/** `*`: the largest number in use. */
export const star = Number.POSITIVE_INFINITY

export type SequenceSet = readonly (readonly [from: number, to: number])[]

/**
 * The UIDs of an ascending list that a set names, in ascending order, without repeats. `n:*` always names the last one (RFC 3501
 * §6.4.8).
 */
export function uidsNamed(set: SequenceSet, uids: readonly number[]): number[] {
  return select(set, uids, uids.at(-1) ?? 0, (number) => lowerBound(uids, number))
}

/**
 * The same for a set of sequence numbers; null when it names one that is not there. A range that ends in `*` is cut to what is
 * there.
 */
export function sequenceNamed(set: SequenceSet, uids: readonly number[]): number[] | null {
  const count = uids.length
  if (set.some(([from, to]) => !(from === star || to === star) && Math.max(from, to) > count)) return null
  return select(set, uids, count, (number) => Math.max(0, Math.min(number - 1, count)))
}

function select(set: SequenceSet, uids: readonly number[], last: number, indexOf: (number: number) => number): number[] {
  const ranges = set
    .map((range) => range.map((number) => (number === star ? last : number)))
    .map((range) => [indexOf(Math.min(...range)), indexOf(Math.max(...range) + 1)] as const)
    .sort((a, b) => a[0] - b[0])
  const named: number[] = []
  let at = 0
  for (const [from, to] of ranges) {
    for (at = Math.max(at, from); at < to; at++) named.push(uids[at]!)
  }
  return named
}

/** The index of the first number that is not below `number` in an ascending list. */
export function lowerBound(numbers: readonly number[], number: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (numbers[middle]! < number) low = middle + 1
    else high = middle
  }
  return low
}

/** Numbers as a set in the order given, runs as ranges: `1:3,7`. */
export function formatSet(numbers: readonly number[]): string {
  const ranges: string[] = []
  for (let start = 0; start < numbers.length; ) {
    let end = start
    while (end + 1 < numbers.length && numbers[end + 1] === numbers[end]! + 1) end++
    ranges.push(start === end ? `${numbers[start]}` : `${numbers[start]}:${numbers[end]}`)
    start = end + 1
  }
  return ranges.join(',')
}
