// The anchor against roll-back: the latest checkpoint, kept outside the data folder, and what two operators said of a tree that does not extend it. docs/flow.md, Evidence.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Checkpoint } from '#keys/checkpoint.ts'
import { emptyRoot, provesConsistency } from '#keys/consistency.ts'
import { replaceFile } from '#keys/durable.ts'
import { readNote, readVerifier, signedAt } from '#keys/note.ts'

/** From which to which size of the tree a key of the log signed. */
export interface KeySizes {
  readonly verifier: string
  readonly firstSize: number
  readonly lastSize: number
}

export interface Anchored {
  /** True when there is none where one must be: it was lost, taken away or damaged. Nothing is signed then; operators may accept the tree anew. */
  readonly missing: boolean
  /** True when it is missed although its file is there: what stands in that is no anchor. */
  readonly unreadable: boolean
  readonly size: number
  /** In base64, as in a checkpoint. */
  readonly root: string
  /** The signed checkpoint; null for the empty tree, and for one that operators accepted. */
  readonly note: string | null
  /** Witnesses (verifier keys) that saw another tree, which two operators gave up. */
  readonly disregarded: readonly string[]
  /** Checkpoints that the tree did not extend when a witness showed them: it must, or operators give the witness up. */
  readonly shown: readonly Shown[]
  /** What operators signed, oldest first. */
  readonly statements: readonly string[]
  /** Of each key that signed; never less than it was, since receipts of a part that was rolled back stay true. */
  readonly keySizes: readonly KeySizes[]
}

/** What a witness showed: a checkpoint signed by the log and cosigned by the witness. */
export interface Shown {
  /** Its verifier key. */
  readonly witness: string
  readonly note: string
}

export interface Anchor {
  read(): Promise<Anchored>
  /** Keeps the empty tree's checkpoint unless there is one. */
  begin(): Promise<void>
  /** Throws unless the proof shows that a checkpoint extends what is kept. */
  mustExtend(checkpoint: Checkpoint, proof: readonly Buffer[]): Promise<void>
  /** Keeps a later checkpoint; throws unless the proof shows that it extends what is kept. */
  keep(checkpoint: Checkpoint, note: string, proof: readonly Buffer[]): Promise<void>
  /** Notes that a key signed a checkpoint of this size; durable with what is kept next. */
  noteSigned(verifier: string, size: number): void
  /** Keeps what was noted; returns when it is durable. */
  keepSizes(): Promise<void>
  /** Keeps what a witness showed; not for one that was given up, and not where the anchor is missing, which holds the mail itself. */
  show(shown: Shown): Promise<void>
  /** A witness that was given up counts again. */
  regard(witness: string): Promise<void>
  acceptRollback(origin: string, statement: string, operatorKeys: readonly string[]): Promise<string | null>
}

const Size = Type.Integer({ minimum: 0 })
/** As the file has it; without what witnesses showed, and sizes of keys, where it was written before they were kept. */
const Kept = Type.Object({
  size: Size,
  root: Type.String({ pattern: '^[A-Za-z0-9+/]{43}=$' }),
  note: Type.Union([Type.String(), Type.Null()]),
  disregarded: Type.Array(Type.String()),
  statements: Type.Array(Type.String()),
  shown: Type.Optional(Type.Array(Type.Object({ witness: Type.String(), note: Type.String() }))),
  keySizes: Type.Optional(Type.Array(Type.Object({ verifier: Type.String(), firstSize: Size, lastSize: Size }))),
})
type Kept = Type.Static<typeof Kept>
type Known = Omit<Anchored, 'keySizes'>

/** What operators sign to go on with a tree that does not extend the anchor. */
export interface RollbackStatement {
  readonly origin: string
  readonly anchor: { readonly size: number; readonly root: string }
  readonly tree: { readonly size: number; readonly root: string }
  readonly disregarded: readonly string[]
}

const there = { missing: false, unreadable: false } as const
const empty = {
  ...there,
  size: 0,
  root: emptyRoot.toString('base64'),
  note: null,
  disregarded: [],
  shown: [],
  statements: [],
} as const
const title = 'cjsm accept-rollback'
const operatorsNeeded = 2

export function rollbackText({ origin, anchor, tree, disregarded }: RollbackStatement): string {
  const lines = [title, origin, `anchor ${anchor.size} ${anchor.root}`, `tree ${tree.size} ${tree.root}`]
  return [...lines, ...disregarded.map((verifier) => `disregard ${verifier}`), ''].join('\n')
}

/** Reads a note that operators signed; null when it is no such statement. Whose signatures it bears is not looked at. */
export function readStatement(statement: string): RollbackStatement | null {
  const note = readNote(statement)
  return note === null ? null : readRollback(note.text)
}

function readRollback(text: string): RollbackStatement | null {
  const [head, origin = '', anchor = '', tree = '', ...rest] = text.split('\n')
  const place = (line: string, word: string) => {
    const [, size, root = ''] = new RegExp(`^${word} ([0-9]{1,15}) ([A-Za-z0-9+/]{43}=)$`).exec(line) ?? []
    return size === undefined ? null : { size: Number(size), root }
  }
  const [from, to] = [place(anchor, 'anchor'), place(tree, 'tree')]
  const disregarded = rest.slice(0, -1).map((line) => line.slice('disregard '.length))
  if (head !== title || from === null || to === null) return null
  const statement = { origin, anchor: from, tree: to, disregarded }
  return rollbackText(statement) === text ? statement : null
}

/** What the file says; null for what no anchor's file says. */
function readKept(text: string): Kept | null {
  try {
    const kept: unknown = JSON.parse(text)
    return Value.Check(Kept, kept) ? kept : null
  } catch {
    return null
  }
}

/** RFC 9162 §2.1.4.2: sizes alone show nothing of what is below them. */
function mustExtend(before: Anchored, { size, root }: Checkpoint, proof: readonly Buffer[]): void {
  if (before.missing) throw new Error('the anchor is missing')
  if (!provesConsistency(before.size, Buffer.from(before.root, 'base64'), size, root, proof))
    throw new Error('a checkpoint that does not extend the anchor')
}

/** The anchor in a file of a folder. One process keeps it. */
export function openAnchor(folder: string): Anchor {
  const file = join(folder, 'anchor.json')
  let writing: Promise<unknown> = Promise.resolve()
  let known: Known | undefined
  const sizes = new Map<string, KeySizes>()

  function noteSigned(verifier: string, size: number): void {
    const { firstSize, lastSize } = sizes.get(verifier) ?? { firstSize: size, lastSize: size }
    sizes.set(verifier, { verifier, firstSize: Math.min(firstSize, size), lastSize: Math.max(lastSize, size) })
  }
  async function read(): Promise<Anchored> {
    known ??= await readFile(file, 'utf8').then(knownOf, (fault: NodeJS.ErrnoException) => {
      if (fault.code !== 'ENOENT') throw fault
      return { ...empty, missing: true }
    })
    return { ...known, keySizes: [...sizes.values()] }
  }
  function knownOf(text: string): Known {
    const kept = readKept(text)
    if (kept === null) return { ...empty, missing: true, unreadable: true }
    const { keySizes = [], shown = [], ...rest } = kept
    for (const one of keySizes) for (const size of [one.firstSize, one.lastSize]) noteSigned(one.verifier, size)
    return { ...rest, shown, ...there }
  }
  async function write({ size, root, note, disregarded, shown, statements }: Omit<Known, keyof typeof there>): Promise<void> {
    const next = { size, root, note, disregarded, shown, statements }
    await replaceFile(folder, 'anchor.json', `${JSON.stringify({ ...next, keySizes: [...sizes.values()] }, null, 2)}\n`)
    known = { ...next, ...there }
  }
  /** One after another: each looks at what the one before has kept. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = writing.then(work)
    writing = done.catch(() => {})
    return done
  }
  return {
    read,
    begin: () =>
      inTurn(async () => {
        const { missing, unreadable } = await read()
        if (missing && !unreadable) await write(empty)
      }),
    mustExtend: async (checkpoint, proof) => mustExtend(await read(), checkpoint, proof),
    keep: (checkpoint, note, proof) =>
      inTurn(async () => {
        const before = await read()
        mustExtend(before, checkpoint, proof)
        const { size, root } = checkpoint
        if (size > before.size) await write({ ...before, size, root: root.toString('base64'), note })
      }),
    noteSigned,
    keepSizes: () =>
      inTurn(async () => {
        const before = await read()
        if (!before.missing) await write(before)
      }),
    show: (shown) =>
      inTurn(async () => {
        const before = await read()
        const isKept = before.shown.some(({ witness, note }) => witness === shown.witness && note === shown.note)
        if (isKept || before.missing || before.disregarded.includes(shown.witness)) return
        await write({ ...before, shown: [...before.shown, shown] })
      }),
    regard: (witness) =>
      inTurn(async () => {
        const before = await read()
        if (!before.disregarded.includes(witness)) return
        await write({ ...before, disregarded: before.disregarded.filter((one) => one !== witness) })
      }),
    acceptRollback: (origin, statement, operatorKeys) =>
      inTurn(async () => {
        const before = await read()
        const note = readNote(statement)
        const said = readStatement(statement)
        if (note === null || said === null || said.origin !== origin) return 'That is no statement about this log.'
        if (said.anchor.size !== before.size || said.anchor.root !== before.root)
          return 'The statement is about another anchor: make it anew.'
        const signed = new Set(operatorKeys).values().filter((text) => {
          const verifier = readVerifier(text)
          return verifier !== null && signedAt(note, verifier) !== null
        })
        if ([...signed].length < operatorsNeeded)
          return `It needs the signatures of ${operatorsNeeded} different operators whose keys stand in the setting operatorKeys.`
        const disregarded = [...new Set([...before.disregarded, ...said.disregarded])]
        const shown = before.shown.filter(({ witness }) => !disregarded.includes(witness))
        await write({ ...said.tree, note: null, disregarded, shown, statements: [...before.statements, statement] })
        return null
      }),
  }
}
