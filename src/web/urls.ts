// Every URL of the web face in one place: the patterns that routes use, and the functions that build them. No name of a person, folder or file stands in a URL.

/** Patterns of routes; a `:name` becomes a parameter of the visit. */
export const patterns = {
  home: '/',
  signIn: '/sign-in',
  signOut: '/sign-out',
  signedOut: '/signed-out',
  newBrowser: '/new-browser',
  asset: '/assets/:build/*',
  help: '/help',
  markings: '/help/markings',
  accessibility: '/help/accessibility',
  cookies: '/help/cookies',
  rules: '/rules',

  mailbox: '/mail/:mailbox',
  mailboxActs: '/mail/:mailbox/acts',
  mailboxEvents: '/mail/:mailbox/events',
  folders: '/folders',
  folderRename: '/folders/:mailbox/rename',
  folderDelete: '/folders/:mailbox/delete',

  message: '/mail/:mailbox/:uid',
  messageFrame: '/mail/:mailbox/:uid/frame/:part',
  messageFile: '/mail/:mailbox/:uid/file/:part',
  messageWithin: '/mail/:mailbox/:uid/within/:part',
  messageOriginal: '/mail/:mailbox/:uid/original',

  away: '/away',
  write: '/write',
  writeDraft: '/write/:draft',
  writeFiles: '/write/:draft/files',
  writeFileRemove: '/write/:draft/files/:file/remove',
  writePeople: '/write/:draft/people',
  writeCheck: '/write/:draft/check',
  writeSend: '/write/:draft/send',
  writeWithout: '/write/:draft/without-refused',
  writeRelease: '/write/:draft/release',
  writeDelete: '/write/:draft/delete',
  writeSent: '/write/:draft/sent',
  writeReceipt: '/write/:draft/sent/receipt',
  writeWithdraw: '/write/:draft/sent/withdraw',
  held: '/held',
  heldWithdraw: '/held/:hold/withdraw',
  drafts: '/drafts',
  people: '/people',
  answer: '/mail/:mailbox/:uid/answer/:kind',
  report: '/mail/:mailbox/:uid/report',
  toldAbove: '/mail/:mailbox/:uid/told-above',
  sentOf: '/mail/:mailbox/:uid/sent',

  helpdesk: '/helpdesk',
  helpdeskIncident: '/helpdesk/incidents/:incident',
  helpdeskDecide: '/helpdesk/incidents/:incident/decide',
  helpdeskPropose: '/helpdesk/incidents/:incident/propose',
  helpdeskConfirm: '/helpdesk/incidents/:incident/confirm',
  helpdeskPermits: '/helpdesk/permits',
  helpdeskHolds: '/helpdesk/holds',
  helpdeskHold: '/helpdesk/holds/:hold',
  helpdeskHoldDecide: '/helpdesk/holds/:hold/decide',
} as const

const path = (...parts: readonly (string | number)[]) => `/${parts.map((part) => encodeURIComponent(part)).join('/')}`
const withQuery = (to: string, query: Readonly<Record<string, string | number | undefined>>) => {
  const given = Object.entries(query).filter((entry): entry is [string, string | number] => entry[1] !== undefined)
  return given.length === 0
    ? to
    : `${to}?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))}`
}

/** Paths to link and redirect to. Mailboxes are named by their id, messages by their UID. */
export const urls = {
  home: () => patterns.home,
  signIn: (next?: string) => withQuery(patterns.signIn, { next }),
  signOut: () => patterns.signOut,
  signedOut: () => patterns.signedOut,
  newBrowser: (next?: string) => withQuery(patterns.newBrowser, { next }),
  help: () => patterns.help,
  markings: () => patterns.markings,
  accessibility: () => patterns.accessibility,
  cookies: () => patterns.cookies,
  rules: () => patterns.rules,
  /** One clause on the page of the rules; every refusal names it. */
  rule: (clause: string) => `${patterns.rules}#${clause}`,

  /** One page of a mailbox: the newest, those `before` a UID, or those `after` one. */
  mailbox: (mailbox: string, place: { before?: number; after?: number } = {}) => withQuery(path('mail', mailbox), place),
  mailboxActs: (mailbox: string) => path('mail', mailbox, 'acts'),
  mailboxEvents: (mailbox: string) => path('mail', mailbox, 'events'),
  folders: () => patterns.folders,
  folderRename: (mailbox: string) => path('folders', mailbox, 'rename'),
  folderDelete: (mailbox: string) => path('folders', mailbox, 'delete'),

  /** A message; `as: 'text'` without its formatting. */
  message: (mailbox: string, uid: number, query: { as?: 'text' } = {}) => withQuery(path('mail', mailbox, uid), query),
  /** The HTML of a part, as a document for a frame. */
  messageFrame: (mailbox: string, uid: number, part: string) => path('mail', mailbox, uid, 'frame', part),
  /** A part as a download. */
  messageFile: (mailbox: string, uid: number, part: string) => path('mail', mailbox, uid, 'file', part),
  /** A message that is an attachment of another. */
  messageWithin: (mailbox: string, uid: number, part: string, query: { as?: 'text' } = {}) =>
    withQuery(path('mail', mailbox, uid, 'within', part), query),
  /** The whole message as it was delivered, as a download. */
  messageOriginal: (mailbox: string, uid: number) => path('mail', mailbox, uid, 'original'),

  away: () => patterns.away,
  write: () => patterns.write,
  writeDraft: (draft: string) => path('write', draft),
  writeFiles: (draft: string) => path('write', draft, 'files'),
  writeFileRemove: (draft: string, file: string) => path('write', draft, 'files', file, 'remove'),
  writePeople: (draft: string, field: string) => withQuery(path('write', draft, 'people'), { field }),
  writeCheck: (draft: string) => path('write', draft, 'check'),
  writeSend: (draft: string) => path('write', draft, 'send'),
  writeWithout: (draft: string) => path('write', draft, 'without-refused'),
  writeRelease: (draft: string) => path('write', draft, 'release'),
  writeDelete: (draft: string) => path('write', draft, 'delete'),
  writeSent: (draft: string) => path('write', draft, 'sent'),
  /** `uncosigned`: as it is, whether a witness cosigned it or not. */
  writeReceipt: (draft: string, recipient: string, uncosigned?: 'yes') =>
    withQuery(path('write', draft, 'sent', 'receipt'), { recipient, uncosigned }),
  writeWithdraw: (draft: string) => path('write', draft, 'sent', 'withdraw'),
  held: () => patterns.held,
  heldWithdraw: (hold: string) => path('held', hold, 'withdraw'),
  drafts: () => patterns.drafts,
  people: () => patterns.people,
  /** An answer of that kind: 'reply', 'reply-all', 'forward', 'forward-inline', 'again', 'continue'. */
  answer: (mailbox: string, uid: number, kind: string) => path('mail', mailbox, uid, 'answer', kind),
  /** Telling the Helpdesk of a message. */
  report: (mailbox: string, uid: number) => path('mail', mailbox, uid, 'report'),
  toldAbove: (mailbox: string, uid: number) => path('mail', mailbox, uid, 'told-above'),
  /** The Helpdesk's incidents: of one group of kinds, or all. */
  helpdesk: (query: { show?: string } = {}) => withQuery(patterns.helpdesk, query),
  helpdeskIncident: (incident: string) => path('helpdesk', 'incidents', incident),
  helpdeskDecide: (incident: string) => path('helpdesk', 'incidents', incident, 'decide'),
  helpdeskPropose: (incident: string) => path('helpdesk', 'incidents', incident, 'propose'),
  helpdeskConfirm: (incident: string) => path('helpdesk', 'incidents', incident, 'confirm'),
  helpdeskPermits: () => patterns.helpdeskPermits,
  helpdeskHolds: () => patterns.helpdeskHolds,
  helpdeskHold: (hold: string) => path('helpdesk', 'holds', hold),
  helpdeskHoldDecide: (hold: string) => path('helpdesk', 'holds', hold, 'decide'),
  /** What became of a message of one's own in Sent. */
  sentOf: (mailbox: string, uid: number) => path('mail', mailbox, uid, 'sent'),
}

/** True for a path of our own that one may be sent back to after signing in; never another site's. */
export function isOwnPath(to: string): boolean {
  if (!/^\/(?![/\\])[\x21-\x7e]{0,500}$/.test(to)) return false
  return new URL(to, 'https://own.invalid').origin === 'https://own.invalid'
}
