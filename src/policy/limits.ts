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
/** Markings in the attachments of one message that are kept. */
export const maxAttachedMarkings = 200
/** Lines from the top of a document's first page in which a marking may stand alone. */
export const maxFirstPageLines = 6
/** What a refusal shows of a file's name, its end, and of a marking that stands in its remedy. */
export const maxShownNameCharacters = 40
/** How far from the end of a text a signature block is looked for, in characters and in lines that are not blank. */
export const closingWindowCharacters = 4_000
export const closingLines = 24
/** A line of contact details: its length, and its words beside the number or address. */
export const maxContactLineCharacters = 160
export const maxContactWords = 6
/** An account that sent on so many days of four weeks is measured by them: a day may be so many times a usual one, and never stops below so many recipients. */
export const leastUsualDays = 5
export const usualFactor = 20
export const fewestUsualRecipients = 1_000
/** The same of the organisations whose people an account writes to within an hour. */
export const fewestUsualOrganisations = 200
/** Of what an account near its limits sent, so many messages are read by the spam engine before it counts, and so many hundredths of them must read as spam. */
export const fewestScored = 20
export const leastSpamPercent = 80
/** Then one such part of a limit is enough; and from one such part of a limit on the engine is asked at all. */
export const supportedPart = 4
export const watchedPart = 8
/** Arrivals that are looked at for a machine's regularity, and how far their gaps may be spread, in hundredths of their mean. */
export const regularArrivals = 20
export const maxRegularSpreadPercent = 5
/** Recipients of a notification that answers something; one to more is a machine's mail. */
export const maxNotified = 3
/** Addresses that a recipient's is compared with, and the shortest name in one that a single typing mistake is looked for in. */
export const maxComparedAddresses = 1_000
export const fewestForEditDistance = 5
/** Addresses that a warning names. */
export const maxShownAddresses = 2
/** A text with more words is not compared with its original. */
export const maxComparedWords = 50_000
/** What is taken for an original without quote marks is one where so many words follow one another as in the original. */
export const fewestCommonWords = 4
/** What a refusal shows of the fact that matched. */
export const maxAboutCharacters = 160
/** What a refusal shows of the Helpdesk's contact. */
export const maxContactCharacters = 60
/** One parameter, or piece of one, of an SIO-Label that we write. */
export const maxParameterOctets = 200
/** An X-CJSM-Handling field that is read. */
export const maxHandlingOctets = 16_000
/** Readers that a sender may name: as many as a submission has recipients. */
export const maxNamedReaders = 500
/** Attachments of a message that may leave the community as NOT PROTECTIVELY MARKED, each by itself. */
export const maxReleasedAttachments = 100
/** What is kept of the reason for lowering a marking. */
export const maxReasonCharacters = 300
