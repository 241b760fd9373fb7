// The time, as a parameter: what expires, rotates or is recorded asks a Clock, so that a test can move it.

export interface Clock {
  /** Wall time, milliseconds since 1970 (UTC). */
  now(): number
  /** Time since an arbitrary start, in milliseconds; never jumps. For deadlines and durations. */
  monotonic(): number
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }

/** Wall and monotonic time may part by so much before the wall clock is doubted. */
export const mostApartMs = 3_600_000

/** Makes a clock's wall time that does not follow jumps of over an hour: since the call it goes by monotonic time then. */
export function steadyNow(clock: Clock): () => number {
  const startMs = clock.now() - clock.monotonic()
  return () => {
    const wallMs = clock.now()
    const steadyMs = startMs + clock.monotonic()
    return Math.abs(wallMs - steadyMs) > mostApartMs ? Math.round(steadyMs) : wallMs
  }
}

/** The month of a time as one number, `year * 12 + month` (January is 0): what epochs and partitions are counted in. */
export function monthOf(atMs: number): number {
  const date = new Date(atMs)
  return date.getUTCFullYear() * 12 + date.getUTCMonth()
}
