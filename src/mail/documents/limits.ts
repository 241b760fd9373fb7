// What reading inside a document may cost: a stranger made it. Beyond a limit the reader stops and says so; what it found stays.
// What archives may cost is in #mail/limits.ts. G05.

/** What is held expanded at one time: nested archives within one another, and the document that is being read. */
export const maxHeldOctets = 24 * 1024 * 1024
/** Of a part of an Office document, its beginning is read, and the end of those that say at their end what is wanted. */
export const partHeadOctets = 512 * 1024
export const partTailOctets = 256 * 1024
/** Of sheets after the first only headers and footers are wanted, which stand at the end. */
export const sheetHeadOctets = 16 * 1024
export const sheetTailOctets = 64 * 1024
/** Of the strings that a workbook's cells point at, the first ones, which the first rows use. */
export const maxSharedStrings = 5000
/** Parts of one document that are read. */
export const maxPartsRead = 300
/** Of a text file. */
export const textHeadOctets = 16 * 1024
/** Of HTML, whose style sheet stands before its text: Word and Outlook write 20 KiB and more. */
export const htmlHeadOctets = 256 * 1024
/** Groups in groups of an RTF file. */
export const maxRtfDepth = 1000
/** Lines of a first page, a header or a footer. */
export const maxLines = 60
/** A longer line is no marking, and more of it is not kept. */
export const maxLineCharacters = 201
/** The value of a property, as far as it is kept, and how many of one document are. */
export const maxPropertyCharacters = 500
export const maxProperties = 100
/** Places of one attachment. */
export const maxPlaces = 3000
/** What a file is called is read this far. */
export const maxNameCharacters = 400
/** Attributes of one XML element that are read. */
export const maxAttributes = 60
/** Text of a page of a PDF. */
export const maxPageItems = 4000
/** XMP of a PDF. */
export const maxXmpCharacters = 256 * 1024
