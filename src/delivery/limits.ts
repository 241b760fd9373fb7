// What looking through a message's archives may cost besides the limits of mail/, which say how much may be in them. See docs/limits.md.

/** Longer than the most that the other limits allow takes on a slow machine: only what was made to be slow meets it. */
export const expansionMs = 2_000
/** Messages of a worker whose archives are expanded at a time; the others wait. Half of the threads that Node has for it. */
export const expansionsAtOnce = 2

/** Threads of a process that read documents, and how long one without work is kept: it holds some 30 MiB. */
export const documentThreads = 2
export const threadIdleMs = 10_000
export const threadStartMs = 10_000
/**
 * What reading one document may take of a processor, and how long it may take on a machine that is busy with other things; past
 * either the thread is ended, and the document counts as too large.
 */
export const documentCpuMs = 1_500
export const documentMs = 5_000
/** The heap of a thread, and all that it holds beside the document itself. */
export const documentHeapMib = 64
export const documentMemoryOctets = 64 * 1024 * 1024
/** What reading all documents of one message may take; the rest of them count as too large. */
export const messageDocumentsMs = 10_000

/** What of one account may be held at a time for a person to decide, in messages and in octets; more is answered 452. */
export const maxHeldMessages = 100
export const maxHeldOctets = 512 * 1024 * 1024
/** Holds that a page or a command shows: of those that wait, and of those that were decided. */
export const maxHoldsShown = 200
/** Messages whose time is over that the job decides in one turn. */
export const holdsExpiredAtOnce = 200

/** What the ceiling refused of one account and is kept sealed, within 24 hours, in messages and in octets; more is refused all the same, and recorded, without a copy. */
export const maxIncidentCopiesPerDay = 20
export const maxIncidentOctetsPerDay = 200 * 1024 * 1024
