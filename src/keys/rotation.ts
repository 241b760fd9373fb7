// The rotation of the root key: every key of the keyring is wrapped anew, while the service runs. A kill at any point loses nothing: the next start goes on. docs/flow.md, At rest.
import { readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { faultPoint } from '#base/fault-point.ts'
import { replaceFile } from '#keys/durable.ts'
import type { Keyring } from '#keys/keyring.ts'
import type { RootKey } from '#keys/root.ts'
import { SealBroken } from '#keys/sealing.ts'

export interface Rotation {
  readonly rotating: boolean
  /** How many of the keyring's 256 shelves are done. */
  readonly shelves: number
  /** Keys wrapped anew since this process began or went on. */
  readonly rewrapped: number
  /** Keys that neither root key opens: they were broken before. */
  readonly broken: number
}

const progressName = 'rotation.json'
const atOnce = 16
const retryMs = 1_000

/** The rotation of one root key and keyring; `run` never rejects, faults are told to `onFault` and it is tried again. */
export function newRotation(root: RootKey, keyring: Keyring, onFault: (fault: unknown) => void) {
  const progressFile = join(root.ownFolder, progressName)
  const state = { shelves: 0, rewrapped: 0, broken: 0 }
  let running: Promise<void> | null = null

  async function rewrapShelf(shelf: string, startedMs: number): Promise<void> {
    await keyring.removeDrafts(shelf, startedMs)
    const waiting = new Set<Promise<void>>()
    const faults: unknown[] = []
    for await (const epoch of keyring.epochs(shelf)) {
      const one = keyring
        .rewrite(epoch, (wrapped) => {
          try {
            const next = root.rewrap(epoch, wrapped)
            if (next !== null) state.rewrapped++
            return next
          } catch (fault) {
            if (!(fault instanceof SealBroken)) throw fault
            state.broken++
            return null
          }
        })
        .then(
          () => faultPoint('key-rewrapped'),
          (fault: unknown) => void faults.push(fault),
        )
        .finally(() => waiting.delete(one))
      waiting.add(one)
      if (waiting.size >= atOnce) await Promise.race(waiting)
    }
    await Promise.all(waiting)
    if (faults.length > 0) throw new Error('a key could not be wrapped anew', { cause: faults[0] })
  }

  async function rewrapAll(): Promise<void> {
    // What is being made now may still be wrapped by the old key; what is begun after this is not.
    await keyring.settled()
    const before = await readProgress(progressFile)
    const startedMs = before?.startedMs ?? Date.now()
    state.shelves = before?.shelves ?? 0
    for (; state.shelves < 256; state.shelves++) {
      await replaceFile(root.ownFolder, progressName, JSON.stringify({ shelves: state.shelves, startedMs }))
      await rewrapShelf(state.shelves.toString(16).padStart(2, '0'), startedMs)
    }
    await root.endRotation()
    await unlink(progressFile)
  }

  return {
    async begin(): Promise<void> {
      if (root.isRotating()) return
      await unlink(progressFile).catch(() => {}) // of a rotation that ended just before a kill
      Object.assign(state, { shelves: 0, rewrapped: 0, broken: 0 })
      await root.beginRotation()
    },
    run(): Promise<void> {
      running ??= (async () => {
        while (root.isRotating()) {
          await rewrapAll().catch(async (fault: unknown) => {
            onFault(fault)
            await new Promise((resolve) => setTimeout(resolve, retryMs))
          })
        }
      })().finally(() => {
        running = null
      })
      return running
    },
    state: (): Rotation => ({ rotating: root.isRotating(), ...state }),
  }
}

async function readProgress(file: string): Promise<{ shelves: number; startedMs: number } | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as { shelves: number; startedMs: number }
  } catch {
    return null // begun anew: what is wrapped by the new key already is passed over
  }
}
