// Limits and delays of the machine's part: how long a child may take, how often it is tried again, what may be read.

/** A Unix socket's path holds 107 octets (sun_path); what a program appends to the folder has to fit as well. */
export const maxSocketFolderOctets = 85

/** A child that answers within this is quick; crash recovery of a busy database takes most of it. */
export const postgresReadyMs = 120_000
/** How long an orphaned or stopping postgres may take at each step: fast, then immediate, then SIGKILL. */
export const postgresStopMs = 8_000
export const postgresAnswerMs = 5_000
export const orphanStopMs = 5_000
export const pollMs = 25

/** What is kept of a child's last words, to say why it did not start. */
export const maxKeptLines = 8
export const maxLineCharacters = 500

/** Restarts: at once, then doubling between these; a process that lived this long has not "crashed repeatedly". */
export const firstRestartDelayMs = 100
export const mostRestartDelayMs = 5_000
export const calmAfterMs = 10_000
/** How often a process is asked how it is, and how long it may take to answer. */
export const checkEveryMs = 2_000
export const roleAnswerMs = 5_000
/** How long a role may take from its start to its "ready". */
export const roleReadyMs = 60_000

/**
 * What we give clamd. Each stands above what we count ourselves (a message of 25 MiB; delivery/expansion.ts), so that ours is met
 * first; for the kinds of archives that we do not open, clamd refuses what is over these (AlertExceedsMax).
 */
export const clamdLimits = {
  streamMiB: 40,
  expandedMiB: 128,
  files: 10_000,
  depth: 24,
  scanMs: 20_000,
  threads: 8,
  queue: 200,
  readSeconds: 25,
  commandSeconds: 25,
} as const

/** Loading the official signatures takes up to a minute on a slow disk. */
export const clamdReadyMs = 300_000
export const clamdAnswerMs = 5_000
export const clamdStopMs = 3_000
/** freshclam: on the very first start, later, and how long nothing may arrive. */
export const firstSignaturesMs = 180_000
export const signaturesMs = 1_800_000
export const stalledSignaturesMs = 10_000
/** apt: an update and a download of some 20 MB. */
export const aptMs = 600_000
export const askProgramMs = 20_000

/** `down` waits longer than the 30 s that a drain may take. */
export const instanceStopMs = 40_000
export const instanceGuardMs = 10_000
export const statusAnswerMs = 10_000
export const maxStatusOctets = 1_048_576
export const operationsLimits = { headerOctets: 8_192, connections: 32, requestMs: 10_000 } as const
export const spaceEveryMs = 5_000
export const ballastPieceOctets = 1_048_576
export const jobsPollMs = 2_000
export const firstJobAfterMs = 600_000
/** Files and connections that a process may have open: three ports of 5,000 connections, and a third more for files and the database. */
export const wantedDescriptors = 20_000
