// Doors for tests: a small community in memory, which is also an executable description of what the face expects of the real ones.
import { refused, Unavailable, type Refused } from '#base/faults.ts'
import type { Address } from '#mail/address.ts'
import type {
  Accepted,
  Envelope,
  Recipient,
  RecipientNote,
  SignedIn,
  SignInAttempt,
  SmtpDoors,
  Spool,
  SubmissionSession,
} from '#smtp/doors.ts'

export interface Submitted {
  readonly who: SignedIn
  readonly envelope: Envelope
  readonly content: Buffer
  readonly session: SubmissionSession
}

/** A spool in memory. */
export class MemorySpool implements Spool {
  size = 0
  abandoned = false
  readonly #pieces: Buffer[] = []

  get content(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  async write(piece: Buffer): Promise<void> {
    if (this.abandoned) throw new Error('written after it was abandoned')
    if (piece.includes('spool fails here')) throw new Unavailable('content-store')
    this.#pieces.push(piece)
    this.size += piece.length
  }

  async abandon(): Promise<void> {
    this.abandoned = true
  }
}

/** ann@firm.test signs in with `secret`; every address of firm.test and of a U-label is a member, but for the names that say otherwise. */
export class MemoryDoors implements SmtpDoors {
  readonly submitted: Submitted[] = []
  readonly attempts: SignInAttempt[] = []
  readonly spools: MemorySpool[] = []

  async signIn(attempt: SignInAttempt): Promise<SignedIn | Refused> {
    this.attempts.push(attempt)
    if (attempt.userName === 'busy')
      return refused('G17', 'computer-is-in-use', 'Another computer is on since 09:00', 'Close it there')
    if (attempt.userName === 'broken') throw new Unavailable('database')
    if (attempt.password !== 'secret') return refused('T06', 'sign-in-failed', 'The user name or password is wrong', 'Try again')
    return { account: 'account-of-ann', address: `${attempt.userName}@firm.test`, computer: 'desk' }
  }

  async admitReversePath(who: SignedIn, reversePath: Address | null): Promise<Refused | null> {
    if (reversePath === null) return null
    if (`${reversePath.localPart}@${reversePath.domain}` === who.address || reversePath.domain !== 'firm.test') return null
    return refused('G02', 'reverse-path-is-not-the-submitters', 'The reverse-path is of somebody else', 'Use your own address')
  }

  async admitRecipient(_who: SignedIn, _envelope: Envelope, { address }: Recipient): Promise<Refused | RecipientNote | null> {
    if (address === 'unknown@firm.test')
      return refused('G01', 'recipient-is-unknown', `${address} is nobody here`, 'Look in the directory')
    if (address === 'removed@firm.test')
      return refused('G02', 'recipient-is-removed', `${address} was removed`, 'Look in the directory')
    if (address === 'full@firm.test') return refused('G20', 'over-quota', `${address} has no room`, 'Try again later')
    if (address === 'fault@firm.test') throw new Error('a secret text')
    if (address.endsWith('@outside.test'))
      return { kind: 'warning', clause: 'G15', about: `${address} is not a member`, remedy: 'Say why it may go' }
    return null
  }

  newSpool(): Spool {
    const spool = new MemorySpool()
    this.spools.push(spool)
    return spool
  }

  async accept(who: SignedIn, envelope: Envelope, spool: Spool, session: SubmissionSession): Promise<Accepted | Refused> {
    const { content } = spool as MemorySpool
    if (content.includes('EICAR')) return refused('T19', 'content-is-malicious', 'The scanner found Eicar-Test', 'Remove it')
    if (content.includes('scanner away')) throw new Unavailable('scanner')
    if (content.includes('acceptance fails')) throw new Error('a secret text')
    this.submitted.push({ who, envelope, content, session })
    const held = content.includes('hold this') ? 1 : 0
    const queued = envelope.recipients.filter(({ address }) => address.endsWith('@queued.test')).length
    const late = envelope.recipients.filter(({ address }) => address.startsWith('late')).length
    const delivered = envelope.recipients.length - held - queued - late
    return {
      kind: 'accepted',
      receipt: 'receipt-1',
      delivered,
      queued,
      held,
      refused: late,
      again: content.includes('sent before'),
    }
  }
}
