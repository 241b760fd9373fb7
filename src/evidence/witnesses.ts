// Our side of the witnesses: new checkpoints are sent to each with a proof that they extend what it cosigned, and its cosignature is kept, or what it shows that they do not extend. C2SP tlog-witness
import { type Log, describeFault } from '#base/log.ts'
import { SettingError } from '#config.ts'
import { maxWitnessAnswerOctets, witnessAnswerMs, witnessEveryMs } from '#evidence/limits.ts'
import type { Standing } from '#evidence/standing.ts'
import { lineHead, treeOf } from '#evidence/tree.ts'
import { type CheckpointRow, addCosignature, noteWitnessSize, witnessSize } from '#evidence/tree.sql.ts'
import { type Checkpoint, readCheckpoint } from '#keys/checkpoint.ts'
import type { LogKeeper } from '#keys/log-keys.ts'
import { type Verifier, noteOf, readNote, readVerifier, signatureLines, signedAt } from '#keys/note.ts'
import type { Database } from '#store/database.ts'

export interface Witness {
  readonly url: string
  readonly verifier: Verifier
}

/** What became of a checkpoint at a witness. `why` is a sentence, which says what to do where something can be done. */
export type Witnessed =
  | { readonly kind: 'cosigned' }
  /** Another process had a later checkpoint of ours cosigned meanwhile. */
  | { readonly kind: 'overtaken' }
  | { readonly kind: 'not-cosigned'; readonly why: string }
  /** It showed a checkpoint that the log signed and that our tree does not extend. */
  | { readonly kind: 'conflict'; readonly why: string }

export interface WitnessedLog {
  readonly database: Database
  readonly logKeeper: Pick<LogKeeper, 'verifiers' | 'anchor' | 'keepShown' | 'regard'>
}

/** Reads the setting `witnesses`: `URL KEY` each; throws SettingError for what is none, and for two witnesses that are one or are named alike. */
export function readWitnesses(settings: readonly string[]): Witness[] {
  const found = settings.map((setting) => {
    const [url = '', key = ''] = setting.split(' ')
    const verifier = readVerifier(key)
    if (verifier?.signsAs !== 'witness' || !URL.canParse(url))
      throw new SettingError(`witnesses: ${setting} is not a URL, a space, and a public key as ./cjsm witness prints it.`)
    return { url: url.replace(/\/$/, ''), verifier }
  })
  for (const [at, { verifier }] of found.entries()) {
    const before = found.slice(0, at).map((one) => one.verifier)
    if (before.some((one) => one.name === verifier.name))
      throw new SettingError(
        `witnesses: two are named ${verifier.name}: each bears a name of its own. A key keeps its name: leave one out until it is begun anew, by ./cjsm witness with another --name and a new folder for --data.`,
      )
    const twin = before.find((one) => one.key.equals(verifier.key))
    if (twin !== undefined)
      throw new SettingError(
        `witnesses: ${twin.name} and ${verifier.name} have one key: they are one witness, which counts once.`,
      )
  }
  return found
}

/** Asks a witness to cosign the latest checkpoint; at a size other than it last had by what we know, once more from the size it says. */
export async function askWitness(
  log: WitnessedLog,
  witness: Witness,
  latest: CheckpointRow,
  answerMs: number = witnessAnswerMs,
): Promise<Witnessed> {
  const [known] = await witnessSize(log.database, witness.verifier.text)
  const from = Math.min(known?.size ?? 0, latest.size)
  let said = await addCheckpoint(log, witness, latest, from, answerMs)
  if (typeof said === 'number' && said !== from && said <= latest.size)
    said = await addCheckpoint(log, witness, latest, said, answerMs)
  return typeof said === 'number' ? judgeClaim(log, witness, latest, answerMs) : said
}

/** One request; a number is the size that the witness says it has. */
async function addCheckpoint(
  { database, logKeeper }: WitnessedLog,
  witness: Witness,
  latest: CheckpointRow,
  from: number,
  answerMs: number,
): Promise<Witnessed | number> {
  const proof = await treeOf(database).consistency(from, latest.size)
  const hashes = proof.map((hash) => `${hash.toString('base64')}\n`).join('')
  const answer = await fetchText(`${witness.url}/add-checkpoint`, answerMs, `old ${from}\n${hashes}\n${latest.note}`)
  if (answer?.status === 422) return from
  if (answer?.status === 409 && /^[0-9]{1,15}\n$/.test(answer.text)) return Number(answer.text)
  const line = answer?.status === 200 ? cosignatureIn(answer.text, latest, witness) : null
  if (line === null) return { kind: 'not-cosigned', why: whyNotCosigned(witness, latest, answer?.status ?? null) }
  await addCosignature(database, latest.size, `${line}\n`, lineHead(witness.verifier))
  const { text } = witness.verifier
  await noteWitnessSize(database, text, latest.size)
  if ((await logKeeper.anchor()).disregarded.includes(text)) await logKeeper.regard(`${text}\n${latest.note}${line}\n`)
  return { kind: 'cosigned' }
}

/** A sentence on an answer's status; null when there was none. */
function whyNotCosigned({ verifier: { name } }: Witness, latest: CheckpointRow, status: number | null): string {
  const origin = readCheckpoint(readNote(latest.note)!.text)!.origin
  switch (status) {
    case null:
      return `The witness ${name} does not answer: checkpoints are not cosigned by it. Ask its operator whether it runs.`
    case 200:
      return `The witness ${name} answers without a good cosignature: the setting witnesses must hold the key that it prints at its start.`
    case 403:
      return `The witness ${name} trusts no key that signed the checkpoint (403): give its operator what ./cjsm public-keys prints now.`
    case 404:
      return `The witness ${name} does not know this log (404): its operator starts it with --origin ${origin}.`
    default:
      return `The witness ${name} answers ${status} and does not cosign: ask its operator, whose log may say why.`
  }
}

/**
 * A witness says that it saw another record. Its answers can be made up by whoever stands between, so that only what it shows counts: the checkpoint
 * that it cosigned last. That is compared with the tree as it is by now, which may have grown since it was asked.
 */
async function judgeClaim(log: WitnessedLog, witness: Witness, asked: CheckpointRow, answerMs: number): Promise<Witnessed> {
  const { name, text } = witness.verifier
  const answer = await fetchText(`${witness.url}/checkpoint`, answerMs)
  const checkpoint = answer?.status === 200 ? await shownCheckpoint(log, witness, answer.text) : null
  const why = checkpoint === null ? null : await whyNotExtended(log.database, name, checkpoint)
  if (answer !== null && why !== null) {
    if ((await log.logKeeper.anchor()).disregarded.includes(text))
      return {
        kind: 'not-cosigned',
        why: `The witness ${name} has the record that operators gave up: it cosigns again once its operator has removed seen.json.`,
      }
    await log.logKeeper.keepShown(`${text}\n${answer.text}`)
    return { kind: 'conflict', why }
  }
  if (checkpoint !== null && checkpoint.size > asked.size) return { kind: 'overtaken' }
  return {
    kind: 'not-cosigned',
    why: `The witness ${name} does not cosign, as if it had seen another record, but shows no signed checkpoint that proves it. Mail goes on. Ask its operator which checkpoint its seen.json holds: if it is one of this record, its answers are changed on their way.`,
  }
}

/** What a witness shows, when the log signed it and the witness cosigned it; else null. */
async function shownCheckpoint({ logKeeper }: WitnessedLog, { verifier }: Witness, text: string): Promise<Checkpoint | null> {
  const note = readNote(text)
  const checkpoint = note === null ? null : readCheckpoint(note.text)
  if (note === null || checkpoint === null || signedAt(note, verifier) === null) return null
  const keys = (await logKeeper.verifiers()).map((one) => readVerifier(one)!)
  return keys.some((key) => key.name === checkpoint.origin && signedAt(note, key) !== null) ? checkpoint : null
}

/** Why the stored tree does not extend a checkpoint that a witness cosigned, a sentence; null when it does. */
export async function whyNotExtended(database: Database, name: string, seen: Checkpoint): Promise<string | null> {
  const size = (await treeOf(database).latest())?.size ?? 0
  if (seen.size > size) return `The witness ${name} saw ${seen.size} records, and there are ${size}: the record was rolled back.`
  if ((await treeOf(database).rootAt(seen.size)).equals(seen.root)) return null
  return `The witness ${name} cosigned a record that this one does not extend: it is a fork.`
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

/** An answer of strangers; one that is too long has no text. Null when there is none. */
async function fetchText(url: string, answerMs: number, body?: string): Promise<{ status: number; text: string } | null> {
  try {
    const method = body === undefined ? 'GET' : 'POST'
    const signal = AbortSignal.timeout(answerMs)
    const response = await fetch(url, { method, signal, redirect: 'error', ...(body === undefined ? {} : { body }) })
    const pieces: Uint8Array[] = []
    let octets = 0
    for await (const piece of response.body ?? []) {
      octets += piece.length
      if (octets > maxWitnessAnswerOctets) return { status: response.status, text: '' }
      pieces.push(piece)
    }
    return { status: response.status, text: Buffer.concat(pieces).toString() }
  } catch {
    return null
  }
}

/** Sends each new checkpoint to each witness until stopped, at most once a second, each witness by itself; a conflict that one proves holds the mail. */
export function startWitnesses(
  o: WitnessedLog & { readonly witnesses: readonly Witness[]; readonly standing: Standing; readonly log: Log },
): { stop(): Promise<void>; sentences(): string[] } {
  const { database, standing, log } = o
  /** By verifier key: which checkpoint a witness cosigned, or why it did not. */
  const state = new Map<string, { size: number; why: string | null }>()
  /** By verifier key: who is being asked. A witness that is slow or silent keeps no other one waiting. */
  const asking = new Map<string, Promise<void>>()
  let looking: Promise<void> | null = null

  async function one(witness: Witness, latest: CheckpointRow): Promise<void> {
    const { name, text } = witness.verifier
    if (state.get(text)?.size === latest.size) return
    const answer = await askWitness(o, witness, latest)
    if (answer.kind === 'overtaken') return
    if (answer.kind === 'cosigned') return void state.set(text, { size: latest.size, why: null })
    if (state.get(text)?.why !== answer.why) log.warn({ witness: name, why: answer.why }, 'a witness did not cosign')
    state.set(text, { size: 0, why: answer.why })
    if (answer.kind === 'conflict') await standing.hold(answer.why)
  }
  const failed = (fault: unknown) => log.error({ fault: describeFault(fault) }, 'the witnesses could not be asked')
  async function askThoseFree(): Promise<void> {
    const latest = (await standing.why()) === null ? await treeOf(database).latest() : null
    for (const witness of latest === null ? [] : o.witnesses) {
      const { text } = witness.verifier
      if (asking.has(text)) continue
      const asked = one(witness, latest!).catch(failed)
      asking.set(
        text,
        asked.finally(() => asking.delete(text)),
      )
    }
  }
  const timer = setInterval(() => {
    looking ??= askThoseFree()
      .catch(failed)
      .finally(() => {
        looking = null
      })
  }, witnessEveryMs)
  return {
    async stop() {
      clearInterval(timer)
      await looking
      await Promise.all(asking.values())
    },
    sentences: () => [...state.values()].flatMap((one) => (one.why === null ? [] : [one.why])),
  }
}
