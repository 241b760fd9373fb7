// Keys as the domains use them: the epoch key of a holder and purpose now, or the one that opens a sealed thing, kept for a while so that mail costs no round trip.
import { type Clock, monthOf, steadyNow } from '#base/clock.ts'
import { type Epoch, type EpochKey, type Purpose, epochOf, keyedHash, sealUnder, unsealUnder } from '#keys/epoch.ts'
import type { Keeper } from '#keys/keeper.ts'
import { SealBroken, type Sealing } from '#keys/sealing.ts'

export interface Keys {
  readonly sealing: Sealing
  /** The keys in force this month for many holders of one purpose, in their order; made durably where absent. */
  currentFor(holders: readonly string[], purpose: Purpose): Promise<EpochKey[]>
  /** The holder's key of a purpose for their whole life. */
  lasting(holder: string, purpose: Purpose): Promise<EpochKey>
  /** Opens what sealUnder made; throws SealBroken, also when the key was destroyed. */
  unseal(holder: string, purpose: Purpose, about: string, sealed: Buffer): Promise<Buffer>
  /** Opens many of one holder and purpose; `about` by index. */
  unsealAll(holder: string, purpose: Purpose, items: readonly { about: string; sealed: Buffer }[]): Promise<Buffer[]>
  /** A keyed hash of the holder's for one use; the same for as long as the holder is. */
  hashFor(holder: string, label: string): Promise<(input: string | Buffer) => Buffer>
  seal(epoch: EpochKey, about: string, plain: Buffer): Buffer
  /** Destroys for good the key that opens what sealUnder made; durable when it returns. Other processes may hold it for keysKeptMs. */
  destroy(holder: string, purpose: Purpose, sealed: Buffer): Promise<void>
}

/** Epoch keys are kept this long after they were fetched: a destroyed key is unusable everywhere after this. */
export const keysKeptMs = 10 * 60_000
const keepAtMost = 20_000

export function openKeys(keeper: Keeper, sealing: Sealing, clock: Clock): Keys {
  const nowMs = steadyNow(clock) // epochs do not follow a clock that jumps
  const kept = new Map<string, { key: EpochKey; untilMs: number }>()
  const hashes = new Map<string, { key: EpochKey['key']; hash: (input: string | Buffer) => Buffer }>()

  function keep(name: string, key: EpochKey): EpochKey {
    if (kept.size >= keepAtMost) kept.delete(kept.keys().next().value!)
    kept.set(name, { key, untilMs: clock.monotonic() + keysKeptMs })
    return key
  }
  function recall(name: string): EpochKey | undefined {
    const found = kept.get(name)
    if (found !== undefined && found.untilMs > clock.monotonic()) return found.key
    kept.delete(name)
    return undefined
  }
  const nameOf = (epoch: Omit<Epoch, 'generation'>, generation: number | 'current') =>
    `${epoch.holder}/${epoch.purpose}/${epoch.month}/${generation}`

  async function current(holders: readonly string[], purpose: Purpose, month: number): Promise<EpochKey[]> {
    const wanted = holders.map((holder) => ({ holder, purpose, month }))
    const found = new Map<string, EpochKey>()
    const missing: typeof wanted = []
    for (const epoch of wanted) {
      const key = recall(nameOf(epoch, 'current'))
      if (key === undefined) missing.push(epoch)
      else found.set(epoch.holder, key)
    }
    if (missing.length > 0) {
      for (const key of await keeper.current(missing)) found.set(key.holder, keep(nameOf(key, 'current'), key))
    }
    return holders.map((holder) => found.get(holder)!)
  }

  async function opener(epoch: Epoch): Promise<EpochKey> {
    const known = recall(nameOf(epoch, epoch.generation))
    if (known !== undefined) return known
    const [key] = await keeper.read([epoch])
    if (key == null) throw new SealBroken('the key was destroyed')
    return keep(nameOf(epoch, epoch.generation), key)
  }

  const unseal: Keys['unseal'] = async (holder, purpose, about, sealed) =>
    unsealUnder(sealing, await opener({ holder, purpose, ...epochOf(sealed) }), about, sealed)

  return {
    sealing,
    currentFor: (holders, purpose) => current(holders, purpose, monthOf(nowMs())),
    lasting: async (holder, purpose) => (await current([holder], purpose, 0))[0]!,
    unseal,
    async unsealAll(holder, purpose, items) {
      const openers = new Map<string, EpochKey>()
      const opened: Buffer[] = []
      for (const { about, sealed } of items) {
        const epoch = { holder, purpose, ...epochOf(sealed) }
        const name = `${epoch.month}.${epoch.generation}`
        const key = openers.get(name) ?? (await opener(epoch))
        openers.set(name, key)
        opened.push(unsealUnder(sealing, key, about, sealed))
      }
      return opened
    },
    async hashFor(holder, label) {
      const epoch = (await current([holder], 'registers', 0))[0]!
      const name = `${holder}/${label}`
      const known = hashes.get(name)
      if (known !== undefined && known.key === epoch.key) return known.hash
      if (hashes.size >= keepAtMost) hashes.clear()
      const hash = keyedHash(epoch, label)
      hashes.set(name, { key: epoch.key, hash })
      return hash
    },
    seal: (epoch, about, plain) => sealUnder(sealing, epoch, about, plain),
    async destroy(holder, purpose, sealed) {
      const epoch: Epoch = { holder, purpose, ...epochOf(sealed) }
      await keeper.destroy(epoch)
      kept.delete(nameOf(epoch, epoch.generation))
      kept.delete(nameOf(epoch, 'current'))
    },
  }
}
