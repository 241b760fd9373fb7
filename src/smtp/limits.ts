// The limits of the submission face, each with its default; a listener is given them, and tests give shorter ones.
import { maxSaslLineOctets } from '#net/limits.ts'

export interface SmtpLimits {
  /** Octets of a message's content after dot-unstuffing (RFC 1870 §3): said in EHLO; more answers 552 5.3.4. */
  readonly messageOctets: number
  /** Octets up to and with the blank line after the header; more answers 552 5.3.4. */
  readonly headerOctets: number
  /** Octets of refused content that are still read for the reply's sake; beyond them the connection closes at once. */
  readonly drainedOctets: number
  /** Recipients of one message; one more answers 452 4.5.3. */
  readonly recipients: number
  /** RCPT commands for one message, whatever their answers: looking for addresses costs the database. One more is answered 421 4.7.0, and closes. */
  readonly recipientsAsked: number
  /** BDAT commands of one message, beyond one for each `octetsPerChunk`; one more is answered 421 4.7.0, and closes. */
  readonly smallChunks: number
  readonly octetsPerChunk: number
  /** NOOP, RSET, VRFY and the like since the last message; the last of them is followed by 421 4.7.0, and the connection closes. */
  readonly idleCommands: number
  /** Commands that break the protocol since the last message; the last of them is answered 421 4.7.0, and the connection closes. */
  readonly errors: number
  /** Failed sign-ins on one connection; the last of them closes it. */
  readonly signInFailures: number
  /** Every failed sign-in is answered this late, whatever was wrong. */
  readonly signInFailureDelayMs: number
  /** From the greeting to a sign-in that succeeds. */
  readonly beforeSignInMs: number
  /** For one command line, and for each piece of content (RFC 5321 §4.5.3.2.7). */
  readonly commandMs: number
  /** From the greeting to the end, a message in transfer included. */
  readonly sessionMs: number
}

export const smtpLimits: SmtpLimits = {
  messageOctets: 25 * 1_048_576,
  headerOctets: 256 * 1024,
  drainedOctets: 100 * 1_048_576,
  recipients: 500,
  recipientsAsked: 1000,
  smallChunks: 1000,
  octetsPerChunk: 512,
  idleCommands: 100,
  errors: 10,
  signInFailures: 3,
  signInFailureDelayMs: 1000,
  beforeSignInMs: 120_000,
  commandMs: 300_000,
  sessionMs: 3_600_000,
}

/** A command line with its CRLF (RFC 5321 §4.5.3.1.4). */
export const maxCommandLineOctets = 512

/** RFC 3461 §4.4: an envelope id as encoded. §4.2: an original recipient as encoded. */
export const maxEnvidOctets = 100
export const maxOrcptOctets = 500

/** Lines that extensions lengthen: SIZE by 26 (RFC 1870), BODY by 17 (6152), AUTH by 500 (4954), SMTPUTF8 by 10 (6531), and what RFC 3461's parameters take. */
export const extendedLineOctets: ReadonlyMap<string, number> = new Map([
  ['MAIL', maxCommandLineOctets + 26 + 17 + 500 + 10 + ' RET=HDRS ENVID='.length + maxEnvidOctets],
  ['RCPT', maxCommandLineOctets + ' NOTIFY=SUCCESS,FAILURE,DELAY ORCPT='.length + maxOrcptOctets],
  ['AUTH', maxSaslLineOctets],
])

/** RFC 5321 §4.5.3.1.5: a line of a reply with its CRLF. */
export const maxReplyLineOctets = 512

/** RFC 5321 §4.5.3.1.2: what is kept of what a client calls itself. */
export const maxHeloOctets = 255

/** One piece of content read at a time. */
export const maxPieceOctets = 65_536
