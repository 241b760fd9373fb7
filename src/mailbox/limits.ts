// What a holder's mailboxes may cost: every bound of this folder, in the unit that its name says. See docs/limits.md.

/** A mailbox's full name, in UTF-8. */
export const maxMailboxNameOctets = 255
/** Levels of a mailbox's name. */
export const maxMailboxDepth = 20
/** Mailboxes of one holder: each costs a row, which no quota counts. */
export const maxMailboxes = 2000

/** Flags of one copy, keywords included; what would be one more is not set. */
export const maxFlags = 100
export const maxFlagOctets = 100

/** Messages named in one evidence record; a command that touches more makes several. */
export const maxMessagesPerRecord = 500

/** Summaries read and opened at a time: some 8 ms of work between two turns of the event loop. */
export const summaryBatch = 256
/** Sealed summaries read at a time: that of a message with a thousand parts is large. One is always read. */
export const maxSummaryBatchOctets = 2 * 1024 * 1024

/** Content read ahead for a reader who opens copies one after another. */
export const maxReadAheadCopies = 32
export const maxReadAheadOctets = 512 * 1024

/** What is searched of one part, after decoding; text beyond is not found. */
export const maxSearchedPartOctets = 1024 * 1024
/** The header of a message is searched this far. */
export const maxSearchedHeaderOctets = 256 * 1024

/** PostgreSQL takes payloads below 8,000 octets. */
export const maxPayloadOctets = 7900
/** Watchers are hinted this often without a change, since a hint may have been lost. */
export const hintEveryMs = 30_000
