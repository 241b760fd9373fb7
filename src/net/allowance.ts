// Allowances that refill with time: for what is cheap once and dear by the thousand (pieces of a stream, connections of a network).

/** So much at once, and so much more each second. The caller gives the time, in milliseconds that never jump. */
export class Allowance {
  readonly #most: number
  readonly #perSecond: number
  #left: number
  #atMs: number

  constructor(most: number, perSecond: number, nowMs: number) {
    this.#most = most
    this.#perSecond = perSecond
    this.#left = most
    this.#atMs = nowMs
  }

  /** Takes `count`, which is negative for what is given back; false, and nothing taken, when there is not so much left. */
  take(count: number, nowMs: number): boolean {
    this.#refill(nowMs)
    if (count > this.#left) return false
    this.#left = Math.min(this.#most, this.#left - count)
    return true
  }

  /** Whether it is as it was at first, and so need not be kept. */
  isWhole(nowMs: number): boolean {
    this.#refill(nowMs)
    return this.#left === this.#most
  }

  #refill(nowMs: number): void {
    this.#left = Math.min(this.#most, this.#left + ((nowMs - this.#atMs) * this.#perSecond) / 1000)
    this.#atMs = nowMs
  }
}
