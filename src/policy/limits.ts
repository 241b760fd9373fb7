// The limits of policy/: how much of a stranger's text the readers look at. A marking stands at an edge, so edges are enough.

/** A marking's longest written form; a longer line is not a marking. */
export const maxMarkingCharacters = 200
/** How much of each end of a decoded subject is looked at. */
export const subjectWindowCharacters = 1_000
/** How much of each end of an undecoded subject is decoded: encoded words spend up to 12 octets on a character. */
export const subjectEndOctets = 12_000
/** How much of a marking field (X-Protective-Marking, SIO-Label) is read. */
export const maxMarkingFieldOctets = 4_000
/** Fields of one name that are read. */
export const maxMarkingFields = 16
/** Tags (`KEY=value`) of one X-Protective-Marking that are read. */
export const maxTags = 64
/** An ESS label in base64 (RFC 7444 §3.2); classification and policy need 12. */
export const maxEssCharacters = 4_000
/** How much of each end of a body's text is searched for its first and last lines. */
export const bannerWindowCharacters = 4_000
/** Lines at each end of a body's text that may make up a banner. */
export const maxBannerLines = 2
/** How far from the start the beginning of an original (`From: … Sent: …`) is searched for. */
export const originalWindowCharacters = 65_536
/** Body alternatives (text and HTML) that are read. */
export const maxTexts = 16
/** Bracketed groups at either end of a subject, such as `[EXTERNAL]`. */
export const maxBracketGroups = 4
/** Places at the tail of a subject where a marking may begin, behind a dash or bar. */
export const maxTailSeparators = 6
/** Words and signs of the name or role in `<name> EYES ONLY`. */
export const maxNameWords = 6
/** Descriptors and caveats of one marking. */
export const maxMarkingItems = 12
/** What a refusal shows of the fact that matched. */
export const maxAboutCharacters = 160
/** What a refusal shows of the Helpdesk's contact. */
export const maxContactCharacters = 60
