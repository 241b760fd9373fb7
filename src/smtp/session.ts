// What one connection has said so far, and what a command may do with it. RFC 5321 §4.1.4, RFC 6409.
import type { Envelope, SignedIn, SmtpDoors } from '#smtp/doors.ts'
import type { Intake } from '#smtp/intake.ts'
import type { SmtpLimits } from '#smtp/limits.ts'
import type { Reply } from '#smtp/replies.ts'

/** `opened`: before EHLO. `ready`: no message under way. `envelope`: after MAIL. `bdat`: some of its content has come by BDAT. */
export type Phase = 'opened' | 'ready' | 'envelope' | 'bdat'

/** The connection as commands may use it; the loop sets every deadline. */
export interface Wire {
  readonly secure: boolean
  readonly tlsProtocol: string | null
  readonly remoteAddress: string
  send(reply: Reply): Promise<void>
  /** Sends a reply that asks for more, and gives the line that answers it. */
  ask(reply: Reply): Promise<string>
  /** The next piece of content, of at most so many octets. */
  readPiece(maxOctets: number): Promise<Buffer>
  unread(octets: Buffer): void
  pause(ms: number): Promise<void>
}

export interface Session {
  readonly doors: SmtpDoors
  readonly limits: SmtpLimits
  readonly wire: Wire
  /** Our own name in greetings. */
  readonly hostName: string
  /** How to reach the Helpdesk, for refusals. */
  readonly helpdesk: string
  /** The page of the rules, for refusals. */
  readonly rulesUrl: string
  phase: Phase
  helo: string
  signedIn: SignedIn | null
  signInFailures: number
  envelope: Envelope | null
  /** RCPT commands since MAIL, whatever their answers. */
  recipientsAsked: number
  /** Content that BDAT has begun. */
  intake: Intake | null
}

/** A session as it stands when the connection opens, and again after STARTTLS (RFC 3207 §4.2). */
export function newSession(fixed: Pick<Session, 'doors' | 'limits' | 'wire' | 'hostName' | 'helpdesk' | 'rulesUrl'>): Session {
  return {
    ...fixed,
    phase: 'opened',
    helo: '',
    signedIn: null,
    signInFailures: 0,
    envelope: null,
    recipientsAsked: 0,
    intake: null,
  }
}

/** Ends the message under way, if any, and throws away what came of it (RFC 5321 §4.1.1.5). */
export async function resetTransaction(session: Session): Promise<void> {
  const { intake } = session
  session.envelope = null
  session.intake = null
  if (session.phase !== 'opened') session.phase = 'ready'
  await intake?.abandon()
}

/** A row of the table of commands. */
export interface Command<Argument> {
  readonly verb: string
  /** Where it is legal; elsewhere the loop answers 503. */
  readonly phases: readonly Phase[]
  /** Without it the loop answers 530. */
  readonly needs: 'nothing' | 'tls' | 'sign-in'
  /** Reads what stands behind the verb; throws BadCommand. */
  parse(argument: string): Argument
  run(session: Session, argument: Argument): Promise<Reply> | Reply
  /** Octets that follow the command whatever the answer: the loop reads them off when it refuses (RFC 3030 §2). */
  octetsBehind?(argument: Argument): number
}

export const everyPhase: readonly Phase[] = ['opened', 'ready', 'envelope', 'bdat']
