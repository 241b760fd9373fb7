// What a stranger's message may cost: every bound of this folder, in the unit that its name says. See docs/limits.md.

/** RFC 5321 §4.5.3.1.1, .2 and .3: a path is 256 octets with its angle brackets, so an address is 254. */
export const maxLocalPartOctets = 64
export const maxDomainOctets = 255
export const maxAddressOctets = 254
/** RFC 1035 §2.3.4. */
export const maxLabelOctets = 63

/** A list (To, Cc, ...) is read this far; entries beyond are not looked at, and a strict reading refuses the field. */
export const maxListEntries = 5000
/** Entries of all lists in the headers of nested messages, together: each becomes some 60 octets of a message's structure. */
export const maxNestedEntries = 10_000
/** Comments in an address or parameter list nest this deep; deeper ones are read as if they stayed at that depth. */
export const maxCommentDepth = 100

/** RFC 2045 §5.1 sets none; honest fields have fewer than ten. */
export const maxParameters = 200
/** RFC 2231 §3: pieces of one continued parameter. */
export const maxContinuations = 200
/** RFC 3282 tags in one Content-Language. */
export const maxLanguages = 100
/** A charset's name in an encoded word or parameter; the longest registered one has 45. */
export const maxCharsetOctets = 64

/** Levels of MIME nesting; the message itself is the first. */
export const maxMimeDepth = 100
/** Parts of a message, itself and nested messages included. */
export const maxMimeParts = 1000
/** Fields of a message's own header; honest mail has fewer than two hundred. */
export const maxFields = 1000
/** One header, the message's own or a part's. */
export const maxHeaderOctets = 256 * 1024
/** All headers of the parts below the message's own, together: what a structure can make a process keep. */
export const maxPartHeadersOctets = 1024 * 1024
/** A delimiter line with its padding (RFC 2046 §5.1.1 allows boundaries of 70, RFC 5322 §2.1.1 lines of 998). */
export const maxDelimiterOctets = 1000

/** RFC 5322 §2.1.1: lines that we write should be no longer, without their CRLF. */
export const preferredLineOctets = 78
/** RFC 2047 §2. */
export const maxEncodedWordOctets = 75

/** A file's name as it is shown and saved; file systems take 255 octets. */
export const maxFileNameCharacters = 200
/** Texts of one message that are shown one below the other; further ones are attachments. */
export const maxShownBodies = 10
/** A link in plain text; what is longer stays text, as do those behind the first thousand. */
export const maxLinkCharacters = 2000
export const maxLinks = 1000

/** HTML mail that is larger, has more elements or nests deeper is shown as text. */
export const maxHtmlCharacters = 1024 * 1024
export const maxHtmlElements = 10_000
/** Pieces of text in it: each entity is one by itself. */
export const maxHtmlTexts = 100_000
export const maxHtmlDepth = 256
/** One style attribute and one value in it; what is longer is dropped. */
export const maxStyleCharacters = 4000
export const maxStyleValueCharacters = 200

/** What the archives of one message may expand to, all levels counted: 100 MiB, before the scanner's own limit of 128. */
export const maxExpandedOctets = 100 * 1024 * 1024
/** Entries of all archives of a message together, and levels of archives in archives; the attached one is the first. */
export const maxArchiveEntries = 1000
export const maxArchiveDepth = 5
/** Archives are expanded so much at a time: what a turn of the event loop gets. */
export const expandedPieceOctets = 64 * 1024
/** Zstandard's window is memory, one for each level: 8 MiB, what RFC 8878 §3.1.1.1.2 asks of every reader. */
export const maxZstdWindowLog = 23
/** The extended header of one entry of a tar archive. */
export const maxPaxOctets = 64 * 1024
/** Of a quoted-printable body that is decoded in pieces: what waits for the next one, white space above all. */
export const maxQuotedTailOctets = 1000

/** Of a text in base64 that gets a line at its end, since it is written anew: what is larger stays as it is. */
export const maxAlteredOctets = 1024 * 1024

/** What webmail composes. A subject: longer ones are shown cut by everybody. */
export const maxSubjectCharacters = 500
/** A name beside an address. */
export const maxDisplayNameCharacters = 200
export const maxComposedTextCharacters = 500_000
/** Message-IDs in References of what is composed (RFC 5322 §3.6.4 sets no limit): the first and the last ones. */
export const maxComposedReferences = 50
