// Our side of the witnesses: new checkpoints are sent to each with a proof that they extend what it cosigned, and its cosignature is kept. C2SP tlog-witness
import { type Log, describeFault } from '#base/log.ts'
import { SettingError } from '#config.ts'
import { maxWitnessAnswerOctets, witnessAnswerMs, witnessEveryMs } from '#evidence/limits.ts'
import type { Standing } from '#evidence/standing.ts'
import { treeOf } from '#evidence/tree.ts'
import { type CheckpointRow, addCosignature, noteWitnessSize, witnessSize } from '#evidence/tree.sql.ts'
import type { LogKeeper } from '#keys/log-keys.ts'
import { type Verifier, noteOf, readNote, readVerifier, signatureLines, signedAt } from '#keys/note.ts'
import type { Database } from '#store/database.ts'

export interface Witness {
  readonly url: string
  readonly verifier: Verifier
}

/** What became of a checkpoint at a witness. `conflict` is a sentence: what it saw is not what we have. */
export type Witnessed =
  | { readonly kind: 'cosigned' }
  | { readonly kind: 'away' }
  | { readonly kind: 'conflict'; readonly why: string }

/** Reads the setting `witnesses`: `URL KEY` each; throws SettingError for what is none. */
export function readWitnesses(settings: readonly string[]): Witness[] {
  return settings.map((setting) => {
    const [url = '', key = ''] = setting.split(' ')
    const verifier = readVerifier(key)
    if (verifier?.signsAs !== 'witness' || !URL.canParse(url))
      throw new SettingError(`witnesses: ${setting} is not a URL, a space, and a public key as ./cjsm witness prints it.`)
    return { url: url.replace(/\/$/, ''), verifier }
  })
}

/** Asks a witness to cosign the latest checkpoint; at a size other than it last had by what we know, once more from the size it says. */
export async function askWitness(
  database: Database,
  witness: Witness,
  latest: CheckpointRow,
  answerMs: number = witnessAnswerMs,
): Promise<Witnessed> {
  const [known] = await witnessSize(database, witness.verifier.text)
  const first = await addCheckpoint(database, witness, latest, Math.min(known?.size ?? 0, latest.size), answerMs)
  if (typeof first !== 'number') return first
  if (first > latest.size) {
    const why = `The witness ${witness.verifier.name} saw ${first} records, and there are ${latest.size}: the record was rolled back.`
    return { kind: 'conflict', why }
  }
  const second = await addCheckpoint(database, witness, latest, first, answerMs)
  return typeof second === 'number' ? { kind: 'away' } : second
}

const conflictOf = (witness: Witness): Witnessed => ({
  kind: 'conflict',
  why: `The witness ${witness.verifier.name} cosigned a record that this one does not extend: it is a fork.`,
})

/** One request; a number is the size that the witness has. */
async function addCheckpoint(
  database: Database,
  witness: Witness,
  latest: CheckpointRow,
  from: number,
  answerMs: number,
): Promise<Witnessed | number> {
  const proof = await treeOf(database).consistency(from, latest.size)
  const hashes = proof.map((hash) => `${hash.toString('base64')}\n`).join('')
  const answer = await post(`${witness.url}/add-checkpoint`, `old ${from}\n${hashes}\n${latest.note}`, answerMs)
  if (answer === null) return { kind: 'away' }
  if (answer.status === 409) {
    const size = /^[0-9]{1,15}\n$/.test(answer.text) ? Number(answer.text) : null
    if (size === null) return { kind: 'away' }
    return size === from ? conflictOf(witness) : size // the same size, and not the same root
  }
  if (answer.status === 422) return conflictOf(witness)
  if (answer.status !== 200) return { kind: 'away' }
  const line = cosignatureIn(answer.text, latest, witness)
  if (line === null) return { kind: 'away' }
  await addCosignature(database, latest.size, `${line}\n`)
  await noteWitnessSize(database, witness.verifier.text, latest.size)
  return { kind: 'cosigned' }
}

/** The line of an answer that is this witness's good cosignature of the checkpoint. */
function cosignatureIn(answer: string, latest: CheckpointRow, { verifier }: Witness): string | null {
  const text = readNote(latest.note)!.text
  for (const { line } of signatureLines(answer) ?? []) {
    const note = readNote(noteOf(text, [line]))
    if (note !== null && signedAt(note, verifier) !== null) return line
  }
  return null
}

async function post(url: string, body: string, answerMs: number): Promise<{ status: number; text: string } | null> {
  try {
    const signal = AbortSignal.timeout(answerMs)
    const response = await fetch(url, { method: 'POST', body, signal, redirect: 'error' })
    const pieces: Uint8Array[] = []
    let octets = 0
    for await (const piece of response.body ?? []) {
      octets += piece.length
      if (octets > maxWitnessAnswerOctets) return null
      pieces.push(piece)
    }
    return { status: response.status, text: Buffer.concat(pieces).toString() }
  } catch {
    return null
  }
}

/** Sends each new checkpoint to each witness until stopped, at most once a second, each witness by itself; a conflict holds the mail. */
export function startWitnesses(o: {
  database: Database
  witnesses: readonly Witness[]
  logKeeper: LogKeeper
  standing: Standing
  log: Log
}): { stop(): Promise<void>; sentences(): string[] } {
  const { database, standing, log } = o
  const state = new Map<string, { size: number; said: string | null }>()
  let busy: Promise<void> = Promise.resolve()
  let idle = true

  async function one(witness: Witness, latest: CheckpointRow): Promise<void> {
    const name = witness.verifier.name
    if (state.get(name)?.size === latest.size) return
    const answer = await askWitness(database, witness, latest)
    if (answer.kind === 'cosigned') return void state.set(name, { size: latest.size, said: null })
    const said = answer.kind === 'away' ? `The witness ${name} does not answer: checkpoints are not cosigned by it.` : answer.why
    if (state.get(name)?.said !== said) log.warn({ witness: name, outcome: answer.kind }, 'a witness did not cosign')
    state.set(name, { size: 0, said })
    if (answer.kind === 'conflict' && !(await o.logKeeper.anchor()).disregarded.includes(witness.verifier.text))
      await standing.hold(answer.why)
  }
  async function all(): Promise<void> {
    try {
      const latest = (await standing.why()) === null ? await treeOf(database).latest() : null
      if (latest !== null) await Promise.all(o.witnesses.map((witness) => one(witness, latest)))
    } catch (fault) {
      log.error({ fault: describeFault(fault) }, 'the witnesses could not be asked')
    }
  }
  const timer = setInterval(() => {
    if (!idle) return
    idle = false
    busy = all().finally(() => {
      idle = true
    })
  }, witnessEveryMs)
  return {
    async stop() {
      clearInterval(timer)
      await busy
    },
    sentences: () => [...state.values()].flatMap((one) => (one.said === null ? [] : [one.said])),
  }
}
