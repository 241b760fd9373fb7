// Counts who is in, in all and by network, so that one network's crowd leaves room for the others.

export class Crowd {
  readonly #most: number
  readonly #mostPerNetwork: number
  readonly #networks = new Map<string, number>()
  #count = 0

  constructor(most: number, mostPerNetwork: number) {
    this.#most = most
    this.#mostPerNetwork = mostPerNetwork
  }

  /** Counts one in and returns true, or returns false when there is no room. */
  enter(network: string): boolean {
    const here = this.#networks.get(network) ?? 0
    if (this.#count >= this.#most || here >= this.#mostPerNetwork) return false
    this.#networks.set(network, here + 1)
    this.#count += 1
    return true
  }

  leave(network: string): void {
    const here = this.#networks.get(network) ?? 0
    if (here === 0) return
    if (here === 1) this.#networks.delete(network)
    else this.#networks.set(network, here - 1)
    this.#count -= 1
  }
}
