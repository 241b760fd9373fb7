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
