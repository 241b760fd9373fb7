// A keeper over the key process's socket: what workers and jobs hold. Reconnects by itself; without the key process it throws Unavailable.
import { createSecretKey } from 'node:crypto'
import { createConnection, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { Unavailable } from '#base/faults.ts'
import type { Epoch, EpochKey } from '#keys/epoch.ts'
import type { Keeper } from '#keys/keeper.ts'
import type { Anchored } from '#keys/anchor.ts'
import type { LogKeeper } from '#keys/log-keys.ts'
import type { Rotation } from '#keys/rotation.ts'
import { type Answer, type Request, maxWanted } from '#keys/service.ts'

type Asked = { resolve(answer: Answer): void; reject(fault: Error): void; timer: NodeJS.Timeout }
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

/** A keeper that asks over `path`, and the log's, each request answered within `timeoutMs` or Unavailable. */
export function newRemoteKeeper(path: string, timeoutMs: number): Keeper & { readonly log: LogKeeper; close(): void } {
  const asked = new Map<number, Asked>()
  let socket: Socket | undefined
  let next = 0

  function fail(cause: Error): void {
    for (const [n, one] of asked) {
      asked.delete(n)
      clearTimeout(one.timer)
      one.reject(new Unavailable('keys', { cause }))
    }
  }

  function connect(): Socket {
    const made = createConnection(path)
    made.on('error', (fault) => fail(fault))
    made.on('close', () => {
      if (socket === made) socket = undefined
      fail(new Error('the key process closed the connection'))
    })
    const lines = createInterface({ input: made })
    lines.on('error', () => {}) // the socket’s, heard above; unheard here, it would end the process
    lines.on('line', (line) => {
      const answer = JSON.parse(line) as Answer
      const one = asked.get(answer.n)
      asked.delete(answer.n)
      clearTimeout(one?.timer)
      one?.resolve(answer)
    })
    made.unref()
    return made
  }

  async function ask(request: Without<Request, 'n'>): Promise<Answer> {
    socket ??= connect()
    const n = next++
    const answer = await new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => {
        asked.delete(n)
        reject(new Unavailable('keys'))
      }, timeoutMs)
      asked.set(n, { resolve, reject, timer })
      socket!.ref().write(`${JSON.stringify({ ...request, n })}\n`)
    }).finally(() => {
      if (asked.size === 0) socket?.unref()
    })
    if ('fault' in answer) throw new Unavailable('keys')
    return answer
  }
  async function askKeys(request: Without<Exclude<Request, { ask: 'log' }>, 'n'>) {
    const answer = await ask(request)
    return 'keys' in answer ? answer.keys : []
  }
  async function askLog<Gave>(act: keyof LogKeeper, text = '', proof: readonly Buffer[] = []): Promise<Gave> {
    const answer = await ask({ ask: 'log', act, text, proof: proof.map((hash) => hash.toString('base64')) })
    if (!('gave' in answer)) throw new Unavailable('keys')
    return answer.gave as Gave
  }

  const complete = (epoch: Omit<Epoch, 'generation'>, found: { generation: number; key: string }): EpochKey => ({
    holder: epoch.holder,
    purpose: epoch.purpose,
    month: epoch.month,
    generation: found.generation,
    key: createSecretKey(found.key, 'hex'),
  })
  /** As many requests as it takes, one after another. */
  async function inRequests<Wanted, Found>(
    wanted: readonly Wanted[],
    one: (some: Wanted[]) => Promise<Found[]>,
  ): Promise<Found[]> {
    const found: Found[] = []
    for (let at = 0; at < wanted.length; at += maxWanted) found.push(...(await one(wanted.slice(at, at + maxWanted))))
    return found
  }
  return {
    current: (wanted) =>
      inRequests(wanted, async (some) => {
        const found = await askKeys({
          ask: 'current',
          wanted: some.map(({ holder, purpose, month }) => ({ holder, purpose, month })),
        })
        return some.map((epoch, index) => complete(epoch, found[index]!))
      }),
    read: (wanted) =>
      inRequests(wanted, async (some) => {
        const found = await askKeys({ ask: 'read', wanted: some })
        return some.map((epoch, index) => (found[index] == null ? null : complete(epoch, found[index])))
      }),
    async destroy(epoch) {
      await askKeys({ ask: 'destroy', wanted: [epoch] })
    },
    log: {
      sign: (text, proof) => askLog<string>('sign', text, proof),
      verifiers: () => askLog<string[]>('verifiers'),
      rotate: () => askLog<string>('rotate'),
      anchor: () => askLog<Anchored>('anchor'),
      keepAnchor: (note, proof) => askLog<void>('keepAnchor', note, proof),
      keepShown: (text) => askLog<void>('keepShown', text),
      regard: (text) => askLog<void>('regard', text),
      acceptRollback: (statement) => askLog<string | null>('acceptRollback', statement),
      rotateRoot: () => askLog<void>('rotateRoot'),
      rotation: () => askLog<Rotation>('rotation'),
    },
    close: () => socket?.destroy(),
  }
}
