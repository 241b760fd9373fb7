// Commands on the keys of the service: rotation of the root key and of the log's, operators' keys, and going on after a roll-back. Each act is recorded.
import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '#base/clock.ts'
import { Unavailable } from '#base/faults.ts'
import { randomOctets } from '#base/ids.ts'
import { newLog } from '#base/log.ts'
import { type Options, UsageError, needed } from '#cli/command.ts'
import type { Config } from '#config.ts'
import { compareWithAnchor } from '#evidence/extends-anchor.ts'
import type { Detail } from '#evidence/leaf.ts'
import { recordRollbacks } from '#evidence/rollbacks.ts'
import { openStanding } from '#evidence/standing.ts'
import { treeOf } from '#evidence/tree.ts'
import { readWitnesses } from '#evidence/witnesses.ts'
import { rollbackText } from '#keys/anchor.ts'
import { theService } from '#keys/epoch.ts'
import type { LogKeeper } from '#keys/log-keys.ts'
import {
  type Signer,
  isKeyName,
  newSigner,
  noteOf,
  readNote,
  readSigner,
  readVerifier,
  signedAt,
  signerText,
} from '#keys/note.ts'
import type { Rotation } from '#keys/rotation.ts'
import { originOfKeys } from '#roles/log-origin.ts'
import { openServiceDomains } from '#roles/open.ts'

type Print = (text: string) => void
const lookEveryMs = 200
const signedWithinMs = 30_000
const keysBackWithinMs = 60_000
const databaseConnections = 3

const open = (config: Config) => openServiceDomains(config, systemClock, newLog('silent', {}), databaseConnections)

/** Begins the rotation of the root key, or joins one under way, and says how it goes until it is done. */
export async function rotateRootKey(config: Config, print: Print): Promise<number> {
  const { domains, logKeeper, close } = open(config)
  try {
    if (!(await logKeeper.rotation()).rotating) {
      const act = {
        event: 'RootKeyRotated',
        actor: theService,
        about: theService,
        details: [{ begunMs: systemClock.now() }],
      } as const
      await domains.database.transaction((tx) => domains.evidence.write(tx, act))
      await logKeeper.rotateRoot()
      print('A new root key is in use. Wrapping every key anew ...')
    } else print('A rotation is under way already; waiting for its end ...')
    const state = await rotationEnded(logKeeper)
    print(`${state.rewrapped} keys were wrapped anew. The old root key is gone, and opens nothing any more: back up the new one.`)
    if (state.broken > 0) print(`${state.broken} keys could not be opened by either root key: they were damaged before.`)
    return state.broken > 0 ? 1 : 0
  } finally {
    await close()
  }
}

/** Waits for the end of a rotation, which goes on by itself when the key process is started again. */
async function rotationEnded(logKeeper: LogKeeper): Promise<Rotation> {
  let heardMs = systemClock.monotonic()
  for (;;) {
    try {
      const state = await logKeeper.rotation()
      if (!state.rotating) return state
      heardMs = systemClock.monotonic()
    } catch (fault) {
      if (!(fault instanceof Unavailable) || systemClock.monotonic() - heardMs > keysBackWithinMs) throw fault
    }
    await wait(lookEveryMs)
  }
}

/** Makes a new key for the log, and waits until it has signed a checkpoint. */
export async function rotateLogKey(config: Config, print: Print): Promise<number> {
  const { domains, logKeeper, close } = open(config)
  try {
    const before = (await logKeeper.verifiers()).at(-1)!
    const record = (detail: Detail) => {
      const act = { event: 'LogKeyRotated', actor: theService, about: theService, details: [detail] } as const
      return domains.database.transaction((tx) => domains.evidence.write(tx, act))
    }
    // Before the act too: when we are cut off, the key is there, and the record says that it was being made.
    await record({ before, begunMs: systemClock.now() })
    const verifier = await logKeeper.rotate()
    await record({ before, verifier })
    const signs = async () => {
      const note = readNote((await treeOf(domains.database).latest())?.note ?? '')
      return note !== null && signedAt(note, readVerifier(verifier)!) !== null
    }
    const untilMs = systemClock.monotonic() + signedWithinMs
    while (!(await signs())) {
      if (systemClock.monotonic() > untilMs)
        throw new UsageError('The new key was made, but signs nothing yet: is the service running?')
      await wait(lookEveryMs)
    }
    print(`The log signs with a new key. Hand out the new ./cjsm public-keys, and tell the witnesses:\n${verifier}`)
    return 0
  } finally {
    await close()
  }
}

/** Makes an operator's key and prints its public half, for the setting `operatorKeys`. */
export async function newOperatorKey(options: Options, print: Print): Promise<number> {
  const [name = ''] = options.words
  if (!isKeyName(name)) throw new UsageError('A key is named without spaces and plus signs.')
  const seed = randomOctets(32)
  await writeFile(needed(options, 'out'), `${signerText(name, 'author', seed)}\n`, { mode: 0o600, flag: 'wx' }).catch(
    (fault: NodeJS.ErrnoException) => {
      throw new UsageError(`The key file cannot be written (${fault.code}).`)
    },
  )
  print(newSigner(name, 'author', seed).verifier)
  return 0
}

async function operatorKey(file: string): Promise<Signer> {
  const signer = readSigner(await readFile(file, 'utf8').catch(() => ''))
  if (signer === null) throw new UsageError(`There is no operator’s key in ${file}.`)
  return signer
}

/** Goes on with a tree that does not extend the anchor or a witness, on the word of two operators. Returns 1 when it may not. */
export async function acceptRollback(config: Config, options: Options, print: Print): Promise<number> {
  const signers = await Promise.all(options.words.map(operatorKey))
  const { domains, logKeeper, close } = open(config)
  try {
    const { database } = domains
    const found = await compareWithAnchor({ database, logKeeper, witnesses: readWitnesses(config.witnesses), log: domains.log })
    const standing = openStanding(database, systemClock)
    const recordAccepted = async () => recordRollbacks(domains, (await logKeeper.anchor()).statements)
    if (found.why === null) {
      await recordAccepted() // what was accepted by a command that was cut off
      const { note, statements } = await logKeeper.anchor()
      // Nothing was signed since operators accepted this tree: the hold is the one that they ended.
      if (note === null && statements.length > 0) await standing.release()
      print('The record extends what was seen of it: there is nothing to accept.')
      if ((await standing.why()) === null) return 0
      print('Mail is held still; the next start looks again: ./cjsm down, then ./cjsm up.')
      return 1
    }
    print(found.why)
    if (!found.acceptable) return 1
    const { size, root } = await logKeeper.anchor()
    const origin = await originOfKeys(logKeeper)
    const text = rollbackText({ origin, anchor: { size, root }, tree: found.tree, disregarded: found.conflicting })
    const why = await logKeeper.acceptRollback(
      noteOf(
        text,
        signers.map((one) => one.sign(text)),
      ),
    )
    if (why !== null) {
      print(why)
      return 1
    }
    await recordAccepted()
    await standing.release()
    print('Accepted on the word of two operators, and recorded. Mail is accepted again.')
    return 0
  } finally {
    await close()
  }
}
