// What a holder's mailboxes may cost: every bound of this folder, in the unit that its name says. See docs/limits.md.

/** A mailbox's full name, in UTF-8. */
export const maxMailboxNameOctets = 255
/** Levels of a mailbox's name. */
export const maxMailboxDepth = 20
/** Mailboxes of one holder: each costs a row, which no quota counts. */
export const maxMailboxes = 2000

/** Keywords of one copy; system flags, of which there are five, do not count. */
export const maxKeywords = 100
export const maxFlagOctets = 100

/** Messages named in one evidence record; a command that touches more makes several. */
export const maxMessagesPerRecord = 500

/** Copies of a mailbox that is opened, read between two turns of the event loop: some 10 ms of work. */
export const copiesEachTurn = 10_000

/** Summaries read and opened at a time: some 8 ms of work between two turns of the event loop. */
export const summaryBatch = 256
/** Sealed summaries read at a time: that of a message with a thousand parts is large. One is always read. */
export const maxSummaryBatchOctets = 2 * 1024 * 1024

/** Content read ahead for a reader who opens copies one after another. */
export const maxReadAheadCopies = 32
export const maxReadAheadOctets = 512 * 1024

/** What is searched of one part, after decoding; text beyond is not found. */
export const maxSearchedPartOctets = 1024 * 1024

/** PostgreSQL takes payloads below 8,000 octets. */
export const maxPayloadOctets = 7900
/** Watchers are hinted this often without a change, since a hint may have been lost. */
export const hintEveryMs = 30_000

/** Drafts of one holder that are being written in webmail. */
export const maxDrafts = 200
/** One draft's fields, as JSON in UTF-8: the text of a long letter is a hundredth of it. */
export const maxDraftOctets = 1024 * 1024
/** All drafts of one holder together, sealed: their list opens every one of them. */
export const maxHeldDraftsOctets = 16 * 1024 * 1024
/** Files that go with one draft, and their octets before any encoding. */
export const maxUploads = 100
export const maxUploadsOctets = 25 * 1024 * 1024
/** Files of all drafts of one holder together: they count in no mailbox. */
export const maxHeldUploadsOctets = 200 * 1024 * 1024
/** A file's name, after what does not show is taken out. */
export const maxUploadNameCharacters = 200
/** Messages to which access ended whose copies one run renews. */
export const endedAtOnce = 200
/** Of a text that is answered, so much is quoted, in octets as they are in the message. */
export const maxQuotedOctets = 128 * 1024
