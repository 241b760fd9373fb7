// The limits of the web face, each with what happens at it in docs/limits.md. Counts are per process: each worker keeps its own.

/** A form that is not an upload, in octets as sent. */
export const maxFormOctets = 2 * 1024 * 1024
/** The sign-in form, which may carry such a form that was cut off. */
export const maxSignInFormOctets = 4 * 1024 * 1024
/** A form of strangers without one that was cut off: a name, a password, a code. */
export const smallFormOctets = 16 * 1024
/** Larger ones that are read at a time, in all and from one network. */
export const largeFormsOfStrangers = 16
export const largeFormsOfNetwork = 4
/** The names and values of one form. */
export const maxFormFields = 2000
/** The request line and header together. */
export const maxRequestHeaderOctets = 16 * 1024
/** From the first octet of a request to the end of its header, and to the end of its body. */
export const headerMs = 20_000
export const requestMs = 600_000
/** How long a connection without a request stays open. */
export const keepAliveMs = 30_000
export const requestsPerConnection = 1000
/** Requests that one session, or one network of strangers, may make at once, and how many a second it gains. */
export const requestsAtOnce = 300
export const requestsPerSecond = 20
/** Streams of events that one session may hold; each is looked after this often. */
export const eventStreamsPerSession = 4
export const eventStreamMs = 30_000
/** Messages on one page of a list. */
export const messagesPerPage = 50
/** The most that is counted and shown of unseen messages. */
export const unseenCounted = 999
/** A subject or a name in a list is cut after so many characters. */
export const maxListCharacters = 200
/** A notice that is shown after a redirect, sealed in a cookie. */
export const maxNoticeOctets = 2800
/** How long a notice waits for the page that shows it. */
export const noticeMs = 120_000
/** A field of an upload, and the name of a file in it. */
export const maxFieldOctets = 2 * 1024 * 1024
export const maxFileNameOctets = 1000
/** Files in one upload. */
export const maxUploadParts = 100
/** A plain text is shown so far, in octets as they are in the message; the whole is a download. */
export const maxShownTextOctets = 1024 * 1024
/** HTML in octets as they are in the message, encoded; what is larger is shown as text. */
export const maxShownHtmlOctets = 3 * 1024 * 1024
/** Pictures within one HTML text, and their octets together, encoded. */
export const maxPictures = 50
export const maxPictureOctets = 4 * 1024 * 1024
/** Attachments whose first octets are looked at when a message is shown; further ones are listed by their names alone. */
export const maxTypedAttachments = 50
/** People in one list of a message's header; how many more there are is said. */
export const maxShownPeople = 100
/** How long a browser stays one of a person's computers: as long as browsers keep a cookie, renewed at each sign-in. */
export const computerCookieMs = 400 * 24 * 3_600_000
/** The form of a message that is being written: every character of its text may be nine octets as sent. */
export const maxWriteFormOctets = 6 * 1024 * 1024
/** How long a receipt that is not in the signed tree yet, or that no witness cosigned, is waited for. */
export const receiptWaitMs = 3000
export const receiptPollMs = 250
/** Messages that one act names; more are not looked at. */
export const maxUidsInAct = 200
/** Incidents that the Helpdesk's list shows. */
export const incidentsPerPage = 200
