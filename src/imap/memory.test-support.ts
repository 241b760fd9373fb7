// The doors of the IMAP face in memory: for its tests, and as a description of what the real ones do that can be run.
import { type Refused, refused } from '#base/faults.ts'
import type {
  AppendOptions,
  Changes,
  Content,
  Copied,
  CopyEntry,
  CopySummary,
  FlagChange,
  ImapDoors,
  MailboxEntry,
  MailboxStatus,
  OpenedCopies,
  Selected,
  SignedIn,
  TextSearch,
} from '#imap/doors.ts'
import { decodeTransfer } from '#mail/decode.ts'
import { imapEnvelopeOf } from '#mail/envelope.ts'
import { parseHeader } from '#mail/header.ts'
import { StructureScan } from '#mail/structure.ts'
import { decodeWords } from '#mail/words.ts'

interface MemoryCopy {
  uid: number
  flags: string[]
  modseq: bigint
  internalDateMs: number
  octets: Buffer
}

interface MemoryMailbox {
  id: string
  name: string
  specialUse: string | null
  subscribed: boolean
  uidValidity: number
  uidNext: number
  modseq: bigint
  copies: MemoryCopy[]
  expunged: { uid: number; modseq: bigint }[]
  watchers: Set<() => void>
}

const missing = refused('G20', 'mailbox-does-not-exist', 'there is no mailbox of that name', 'Create it first.')
const gone = refused('G20', 'messages-are-gone', 'some of the messages are gone', 'Look again.')
const exists = refused('G20', 'mailbox-exists', 'there is a mailbox of that name already', 'Choose another name.')

export class MemoryDoors implements ImapDoors {
  /** UIDs of each `open`, in the order of the calls: what the record of hand-overs would hold. */
  readonly handedOver: number[][] = []
  /** What `append` was given, in the order of the calls, stored or not. */
  readonly appendsBegun: string[] = []
  /** Set by a test to make a door fail. */
  fault: Error | null = null
  /** Set by a test to refuse sign-in with this in place of looking at the password. */
  signInRefusal: Refused | null = null
  quotaOctets = Number.POSITIVE_INFINITY
  nowMs = Date.UTC(2026, 0, 15, 9, 30)
  readonly #mailboxes = new Map<string, MemoryMailbox>()
  #uidValidity = 1_700_000_000

  constructor() {
    this.#add('INBOX', null)
    for (const name of ['Drafts', 'Sent', 'Junk', 'Trash']) this.#add(name, `\\${name}`)
  }

  /** Delivers a message as another session or the service would. */
  deliver(name: string, octets: Buffer, flags: string[] = []): number {
    const mailbox = this.#named(name)
    const uid = mailbox.uidNext++
    mailbox.copies.push({ uid, flags, modseq: ++mailbox.modseq, internalDateMs: this.nowMs, octets })
    this.#hint(mailbox)
    return uid
  }

  async signIn({ userName, password }: { userName: string; password: string }): Promise<SignedIn | Refused> {
    this.#fail()
    if (this.signInRefusal !== null) return this.signInRefusal
    if (password === 'right') return { account: '01980000-0000-7000-8000-000000000001', address: `${userName}@firm.cjsm.test` }
    return refused('T06', 'sign-in-failed', 'the user name or the device password is not right', 'Use the one of this computer.')
  }

  async stillSignedIn(): Promise<void> {
    this.#fail()
  }

  async mailboxes(): Promise<MailboxEntry[]> {
    this.#fail()
    return [...this.#mailboxes.values()].map(({ id, name, specialUse, subscribed }) => ({ id, name, specialUse, subscribed }))
  }

  async createMailbox(_: SignedIn, name: string): Promise<MailboxEntry | Refused> {
    this.#fail()
    return this.#mailboxes.has(name) ? exists : this.#add(name, null)
  }

  async deleteMailbox(_: SignedIn, name: string): Promise<MailboxEntry | Refused> {
    this.#fail()
    const mailbox = this.#mailboxes.get(name)
    if (mailbox === undefined) return missing
    this.#mailboxes.delete(name)
    this.#hint(mailbox)
    return mailbox
  }

  async renameMailbox(who: SignedIn, from: string, to: string): Promise<null | Refused> {
    const mailbox = this.#mailboxes.get(from)
    if (mailbox === undefined) return missing
    if (this.#mailboxes.has(to)) return exists
    if (from === 'INBOX') {
      this.#add(to, null)
      const uids = mailbox.copies.map((copy) => copy.uid)
      await this.move(who, mailbox.id, uids, to)
      return null
    }
    for (const [name, below] of [...this.#mailboxes]) {
      if (name !== from && !name.startsWith(`${from}/`)) continue
      this.#mailboxes.delete(name)
      below.name = to + name.slice(from.length)
      this.#mailboxes.set(below.name, below)
    }
    return null
  }

  async subscribe(_: SignedIn, name: string, on: boolean): Promise<null | Refused> {
    const mailbox = this.#mailboxes.get(name)
    if (mailbox === undefined) return on ? missing : null
    mailbox.subscribed = on
    return null
  }

  async status(_: SignedIn, name: string): Promise<MailboxStatus | null> {
    this.#fail()
    const mailbox = this.#mailboxes.get(name)
    return mailbox === undefined ? null : statusOf(mailbox)
  }

  async select(_: SignedIn, name: string): Promise<Selected | null> {
    this.#fail()
    const mailbox = this.#mailboxes.get(name)
    return mailbox === undefined ? null : { status: statusOf(mailbox), copies: mailbox.copies.map(entryOf) }
  }

  async changesSince(_: SignedIn, mailboxId: string, modseq: bigint, uidNext: number): Promise<Changes> {
    this.#fail()
    const mailbox = this.#withId(mailboxId)
    if (mailbox === null) return { changed: [], expunged: [], highestModseq: modseq, uidNext, gone: true }
    return {
      changed: mailbox.copies.filter((copy) => copy.modseq > modseq).map(entryOf),
      expunged: mailbox.expunged.filter((tomb) => tomb.modseq > modseq && tomb.uid < uidNext).map((tomb) => tomb.uid),
      highestModseq: mailbox.modseq,
      uidNext: mailbox.uidNext,
      gone: false,
    }
  }

  async *fetchSummaries(_: SignedIn, mailboxId: string, uids: readonly number[]): AsyncGenerator<CopySummary, void> {
    this.#fail()
    for (const copy of this.#copies(mailboxId, uids)) {
      const scan = new StructureScan()
      scan.push(copy.octets)
      const structure = scan.end().root
      const envelope = imapEnvelopeOf(parseHeader(copy.octets))
      yield { ...entryOf(copy), internalDateMs: copy.internalDateMs, octets: copy.octets.length, envelope, structure }
    }
  }

  async open(_: SignedIn, mailboxId: string, uids: readonly number[]): Promise<OpenedCopies> {
    this.#fail()
    this.handedOver.push([...uids])
    const byUid = new Map(this.#copies(mailboxId, uids).map((copy) => [copy.uid, copy.octets]))
    return {
      async content(uid) {
        const octets = byUid.get(uid)
        return octets === undefined ? null : contentOf(octets)
      },
    }
  }

  async append(_: SignedIn, name: string, o: AppendOptions, content: AsyncIterable<Buffer>) {
    this.#fail()
    const mailbox = this.#mailboxes.get(name)
    if (mailbox === undefined) return missing
    if (o.octets > this.quotaOctets) return refused('G20', 'over-quota', 'the mailbox is full', 'Make room first.')
    this.appendsBegun.push(name)
    const pieces: Buffer[] = []
    for await (const piece of content) pieces.push(piece)
    const uid = mailbox.uidNext++
    const internalDateMs = o.internalDateMs ?? this.nowMs
    mailbox.copies.push({ uid, flags: [...o.flags], modseq: ++mailbox.modseq, internalDateMs, octets: Buffer.concat(pieces) })
    this.#hint(mailbox)
    return { uid, uidValidity: mailbox.uidValidity }
  }

  async store(
    _: SignedIn,
    mailboxId: string,
    uids: readonly number[],
    { mode, flags }: FlagChange,
  ): Promise<CopyEntry[] | Refused> {
    this.#fail()
    const mailbox = this.#withId(mailboxId)!
    const copies = this.#copies(mailboxId, uids)
    const changed = copies.map((copy) => {
      const kept = mode === 'replace' ? [] : copy.flags.filter((flag) => !flags.includes(flag))
      const after = mode === 'remove' ? kept : [...kept, ...flags]
      return { copy, after, isNew: after.length !== copy.flags.length || after.some((flag) => !copy.flags.includes(flag)) }
    })
    if (changed.some(({ isNew }) => isNew)) mailbox.modseq++
    for (const { copy, after, isNew } of changed) if (isNew) Object.assign(copy, { flags: after, modseq: mailbox.modseq })
    this.#hint(mailbox)
    return copies.map(entryOf)
  }

  async copy(_: SignedIn, mailboxId: string, uids: readonly number[], toName: string, whole: boolean): Promise<Copied | Refused> {
    this.#fail()
    const target = this.#mailboxes.get(toName)
    if (target === undefined) return missing
    const copies = this.#copies(mailboxId, uids)
    if (whole && copies.length < uids.length) return gone
    const to = copies.map(({ octets, flags, internalDateMs }) => {
      const uid = target.uidNext++
      target.copies.push({ uid, flags: [...flags], modseq: ++target.modseq, internalDateMs, octets })
      return uid
    })
    this.#hint(target)
    return { uidValidity: target.uidValidity, from: copies.map((copy) => copy.uid), to }
  }

  async move(who: SignedIn, mailboxId: string, uids: readonly number[], toName: string): Promise<Copied | Refused> {
    const copied = await this.copy(who, mailboxId, uids, toName, false)
    if ('from' in copied) this.#remove(this.#withId(mailboxId)!, new Set(copied.from))
    return copied
  }

  async expunge(_: SignedIn, mailboxId: string, uids: readonly number[] | null): Promise<number[]> {
    this.#fail()
    const mailbox = this.#withId(mailboxId)!
    const going = mailbox.copies.filter((copy) => copy.flags.includes('\\Deleted') && (uids === null || uids.includes(copy.uid)))
    const gone = going.map((copy) => copy.uid)
    this.#remove(mailbox, new Set(gone))
    return gone
  }

  async searchText(_: SignedIn, mailboxId: string, uids: readonly number[], { scope, text }: TextSearch): Promise<number[]> {
    this.#fail()
    const holds = ({ octets }: MemoryCopy) => {
      const header = parseHeader(octets)
      const body = decodeTransfer(octets.subarray(header.octets), '7BIT').toString()
      const head = scope === 'text' ? decodeWords(octets.subarray(0, header.octets).toString()) : ''
      return `${head}${body}`.toLowerCase().includes(text)
    }
    return this.#copies(mailboxId, uids)
      .filter(holds)
      .map((copy) => copy.uid)
  }

  watch(_: SignedIn, mailboxId: string, hint: () => void): { close(): void } {
    const mailbox = this.#withId(mailboxId)
    mailbox?.watchers.add(hint)
    return { close: () => mailbox?.watchers.delete(hint) }
  }

  /** How many sessions watch a mailbox. */
  watchers(name: string): number {
    return this.#named(name).watchers.size
  }

  /** The octets and flags of what a mailbox holds. */
  contents(name: string): { uid: number; flags: readonly string[]; octets: Buffer; internalDateMs: number }[] {
    return this.#named(name).copies.map(({ uid, flags, octets, internalDateMs }) => ({ uid, flags, octets, internalDateMs }))
  }

  /** The id of a mailbox, for a test that acts as another session. */
  idOf(name: string): string {
    return this.#named(name).id
  }

  #fail(): void {
    if (this.fault !== null) throw this.fault
  }

  #add(name: string, specialUse: string | null): MemoryMailbox {
    const id = `id-${++this.#uidValidity}`
    const counts = { uidValidity: this.#uidValidity, uidNext: 1, modseq: 1n, copies: [], expunged: [] }
    const mailbox = { id, name, specialUse, subscribed: true, watchers: new Set<() => void>(), ...counts }
    this.#mailboxes.set(name, mailbox)
    return mailbox
  }

  #named(name: string): MemoryMailbox {
    const mailbox = this.#mailboxes.get(name)
    if (mailbox === undefined) throw new Error('the test names a mailbox that is not there')
    return mailbox
  }

  #withId(id: string): MemoryMailbox | null {
    return [...this.#mailboxes.values()].find((mailbox) => mailbox.id === id) ?? null
  }

  #copies(mailboxId: string, uids: readonly number[]): MemoryCopy[] {
    const wanted = new Set(uids)
    return this.#withId(mailboxId)?.copies.filter((copy) => wanted.has(copy.uid)) ?? []
  }

  #remove(mailbox: MemoryMailbox, gone: ReadonlySet<number>): void {
    if (gone.size === 0) return
    mailbox.modseq++
    mailbox.copies = mailbox.copies.filter((copy) => !gone.has(copy.uid))
    for (const uid of gone) mailbox.expunged.push({ uid, modseq: mailbox.modseq })
    this.#hint(mailbox)
  }

  #hint(mailbox: MemoryMailbox): void {
    for (const hint of mailbox.watchers) hint()
  }
}

function statusOf(mailbox: MemoryMailbox): MailboxStatus {
  const { id, copies, uidNext, uidValidity, modseq } = mailbox
  return {
    id,
    messages: copies.length,
    unseen: copies.filter((copy) => !copy.flags.includes('\\Seen')).length,
    recent: 0,
    uidNext,
    uidValidity,
    highestModseq: modseq,
    octets: copies.reduce((sum, copy) => sum + copy.octets.length, 0),
  }
}

function entryOf({ uid, flags, modseq }: MemoryCopy): CopyEntry {
  return { uid, flags: [...flags], modseq }
}

function contentOf(octets: Buffer): Content {
  return {
    octets: octets.length,
    async *range(from, to) {
      for (let at = from; at < to; at += 16_384) yield octets.subarray(at, Math.min(to, at + 16_384))
    },
  }
}
