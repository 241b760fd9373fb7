// The limits of the Helpdesk, each with what happens at it in docs/limits.md.

/** An officer's reason for a decision. */
export const maxReasonCharacters = 1_000
/** What a person writes about a message that they report. */
export const maxReportCharacters = 2_000
/** Messages that one account reports within 24 hours. */
export const maxReportsPerDay = 50
