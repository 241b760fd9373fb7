// Keeps long work in slices, so that one session never holds the event loop for long.
import { setImmediate as nextTurn } from 'node:timers/promises'

const stepsBetweenLooks = 16

export class Slice {
  readonly #sliceMs: number
  #startedMs = performance.now()
  #steps = 0

  constructor(sliceMs: number) {
    this.#sliceMs = sliceMs
  }

  /** Counts a step; a promise to wait for when the slice is used up. */
  step(): Promise<void> | null {
    if (++this.#steps % stepsBetweenLooks !== 0 || performance.now() - this.#startedMs < this.#sliceMs) return null
    return nextTurn().then(() => {
      this.#startedMs = performance.now()
    })
  }
}
