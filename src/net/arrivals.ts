// How fast connections come from one network: one that only knocks leaves the others their turn. Those that sign in are not counted.
import { Allowance } from '#net/allowance.ts'
import { maxNetworksRemembered, type NetLimits } from '#net/limits.ts'

export class Arrivals {
  readonly #limits: NetLimits
  readonly #networks = new Map<string, Allowance>()

  constructor(limits: NetLimits) {
    this.#limits = limits
  }

  /** How many networks are remembered. */
  get size(): number {
    return this.#networks.size
  }

  /** Counts one in and returns true, or returns false when its network has used up what it may. */
  enter(network: string, nowMs: number): boolean {
    return this.#of(network, nowMs).take(1, nowMs)
  }

  /** Gives back what a connection took: it signed in. */
  giveBack(network: string, nowMs: number): void {
    this.#networks.get(network)?.take(-1, nowMs)
  }

  #of(network: string, nowMs: number): Allowance {
    const known = this.#networks.get(network)
    if (known !== undefined) return known
    if (this.#networks.size >= maxNetworksRemembered) this.#forget(nowMs)
    const { arrivalsPerNetwork, arrivalsPerSecond } = this.#limits
    const made = new Allowance(arrivalsPerNetwork, arrivalsPerSecond, nowMs)
    this.#networks.set(network, made)
    return made
  }

  /** Makes room: those that have nothing on their account, or else the oldest tenth, so that the cost is spread. */
  #forget(nowMs: number): void {
    for (const [network, allowance] of this.#networks) if (allowance.isWhole(nowMs)) this.#networks.delete(network)
    let over = this.#networks.size - maxNetworksRemembered * 0.9
    for (const network of this.#networks.keys()) {
      if (over-- <= 0) return
      this.#networks.delete(network)
    }
  }
}
