// Every limit of the IMAP face, with its default; passed as a parameter so that a test shortens it. See docs/limits.md.

export interface ImapLimits {
  /** One command with its literals, but for the message of an APPEND. RFC 7162 §4 asks for 8,192 or more. */
  readonly commandOctets: number
  /** The same before sign-in, so that a stranger costs little memory. */
  readonly strangerCommandOctets: number
  /** A literal of LOGIN before sign-in; every other command has none then. */
  readonly loginLiteralOctets: number
  /** The message of an APPEND (RFC 7889). */
  readonly appendOctets: number
  /** A literal that is sent without waiting (RFC 7888 §5, LITERAL-). */
  readonly nonSynchronisingOctets: number
  /** How much of a refused literal that is on its way is read and thrown away before the connection is closed instead. */
  readonly drainOctets: number
  readonly parenthesisDepth: number
  readonly setElements: number
  readonly searchKeys: number
  readonly fetchItems: number
  readonly headerFieldNames: number
  readonly flagsInCommand: number
  readonly keywordOctets: number
  readonly mailboxNameOctets: number
  readonly mailboxDepth: number
  readonly listPatternOctets: number
  readonly listWildcards: number
  readonly idPairs: number
  /** Commands answered BAD, with none answered OK between, before the connection is closed. */
  readonly badCommands: number
  /** Commands before sign-in. */
  readonly strangerCommands: number
  /** Refused sign-ins before the connection is closed. */
  readonly signInTries: number
  readonly signInFailureDelayMs: number
  /** From the greeting to a successful sign-in. */
  readonly signInMs: number
  /** Between two commands, and in IDLE (RFC 3501 §5.4 asks for 30 minutes or more). */
  readonly idleMs: number
  /** For the rest of a command once its first line is there, but for the message of an APPEND; and between two pieces of that. */
  readonly readMs: number
  /** For the message of an APPEND. */
  readonly messageMs: number
  /** How often an IDLE session re-reads its mailbox without a hint. */
  readonly idlePollMs: number
  /** What is gathered before it is written. */
  readonly writeBlockOctets: number
  /** How long the face works without letting the event loop go on. */
  readonly sliceMs: number
}

export const imapLimits: ImapLimits = {
  commandOctets: 65_536,
  strangerCommandOctets: 16_384,
  loginLiteralOctets: 1_024,
  appendOctets: 25 * 1024 * 1024,
  nonSynchronisingOctets: 4_096,
  drainOctets: 26 * 1024 * 1024,
  parenthesisDepth: 50,
  setElements: 10_000,
  searchKeys: 500,
  fetchItems: 100,
  headerFieldNames: 200,
  flagsInCommand: 100,
  keywordOctets: 100,
  mailboxNameOctets: 255,
  mailboxDepth: 20,
  listPatternOctets: 1_024,
  listWildcards: 16,
  idPairs: 30,
  badCommands: 10,
  strangerCommands: 100,
  signInTries: 3,
  signInFailureDelayMs: 1_000,
  signInMs: 60_000,
  idleMs: 30 * 60_000,
  readMs: 60_000,
  messageMs: 30 * 60_000,
  idlePollMs: 30_000,
  writeBlockOctets: 65_536,
  sliceMs: 10,
}
