// What one connection knows: who signed in, which mailbox is selected, and its view of it. RFC 3501 §3.
import type { ImapDoors, SignedIn } from '#imap/doors.ts'
import type { Octets } from '#imap/encode.ts'
import type { ImapLimits } from '#imap/limits.ts'
import type { View } from '#imap/view.ts'

/** RFC 3501 §3: not authenticated, authenticated, selected. */
export type SessionState = 'stranger' | 'signedIn' | 'selected'

export class Selection {
  readonly mailboxId: string
  readonly readOnly: boolean
  readonly view: View
  /** Something may have happened in the mailbox since it was last read. */
  hinted = false
  #wake: (() => void) | null = null

  constructor(mailboxId: string, readOnly: boolean, view: View) {
    this.mailboxId = mailboxId
    this.readOnly = readOnly
    this.view = view
  }

  readonly hint = (): void => {
    this.hinted = true
    this.#wake?.()
  }

  /**
   * Resolves at the next hint (at once when one is pending), or after `timeoutMs`. One waiter at a time; `cancel` ends its timer.
   */
  nextHint(timeoutMs: number): { hinted: Promise<void>; cancel: () => void } {
    if (this.hinted) return { hinted: Promise.resolve(), cancel: () => {} }
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, timeoutMs)
    const cancel = () => {
      clearTimeout(timer)
      this.#wake = null
    }
    this.#wake = () => {
      cancel()
      resolve()
    }
    return { hinted: promise, cancel }
  }
}

export class Session {
  readonly doors: ImapDoors
  readonly limits: ImapLimits
  readonly remoteAddress: string
  #who: SignedIn | null = null
  #selection: Selection | null = null
  #watch: { close(): void } | null = null

  constructor(doors: ImapDoors, limits: ImapLimits, remoteAddress: string) {
    this.doors = doors
    this.limits = limits
    this.remoteAddress = remoteAddress
  }

  get state(): SessionState {
    if (this.#who === null) return 'stranger'
    return this.#selection === null ? 'signedIn' : 'selected'
  }

  /** Who signed in. The table of commands admits nothing that asks before. */
  get who(): SignedIn {
    if (this.#who === null) throw new Error('nobody has signed in')
    return this.#who
  }

  get isSignedIn(): boolean {
    return this.#who !== null
  }

  /** The selected mailbox. The table of commands admits nothing that asks without one. */
  get selected(): Selection {
    if (this.#selection === null) throw new Error('no mailbox is selected')
    return this.#selection
  }

  get selection(): Selection | null {
    return this.#selection
  }

  signIn(who: SignedIn): void {
    this.#who = who
  }

  /** Selects a mailbox in place of another; its watch began before it was read, so that nothing in between is lost. */
  select(selection: Selection, watch: { close(): void }): void {
    this.deselect()
    this.#selection = selection
    this.#watch = watch
  }

  deselect(): void {
    this.#watch?.close()
    this.#watch = null
    this.#selection = null
  }

  /**
   * Re-reads the selected mailbox and yields what the client has not heard; expunges only where they may be told (RFC 3501
   * §7.4.1).
   */
  async news(tellExpunges: boolean): Promise<Octets[]> {
    const selection = this.selected
    const { view } = selection
    selection.hinted = false
    try {
      const changes = await this.doors.changesSince(this.who, selection.mailboxId, view.highestModseq, view.uidNext)
      if (changes.gone) throw new MailboxGone()
      return view.take(changes, tellExpunges)
    } catch (fault) {
      selection.hinted = true
      throw fault
    }
  }
}

/** The selected mailbox was deleted: the session ends with a BYE (RFC 2180 §3.3). */
export class MailboxGone extends Error {
  override name = 'MailboxGone'
}
