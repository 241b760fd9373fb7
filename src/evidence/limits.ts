// Limits and delays of the record: how much the sequencer takes at once, how often it looks, and what a witness may be sent and may answer.

/** The sequencer looks this often: a record is in the tree within a second. */
export const sequenceEveryMs = 250
export const maxSequencedAtOnce = 4_096
/** The anchor and the witnesses are told of new checkpoints at most this often. */
export const anchorEveryMs = 1_000
export const witnessEveryMs = 1_000
/** Checkpoints older than this go, but the latest: a receipt holds its own. */
export const checkpointKeptMs = 3_600_000
/** They are looked for this often: it reads all that there are. */
export const forgetEveryMs = 60_000

export const witnessAnswerMs = 5_000
/** How long the command waits for a receipt that a witness cosigned: the next time that it is told, and its answer. */
export const receiptWaitMs = witnessEveryMs + witnessAnswerMs
export const receiptPollMs = 250
export const maxWitnessAnswerOctets = 4_096
/** What add-checkpoint may send: 63 hashes and a checkpoint with its signatures. */
export const maxAddCheckpointOctets = 16_384
export const maxProofHashes = 63
export const maxWitnessConnections = 64
export const witnessRequestMs = 10_000
/** How many rows an audit reads at once. */
export const auditRows = 500
/** How often a worker looks whether the record stands. */
export const standingEveryMs = 1_000
