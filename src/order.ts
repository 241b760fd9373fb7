// The order of the folders: a file imports only from its own folder or from one earlier in this list. Kept by order.test.ts.

/** Folders in the order in which they may know each other; the names in one row are faces, which never know one another. */
export const order = [
  ['base'],
  ['mail'],
  ['policy'],
  ['store'],
  ['host'],
  ['keys'],
  ['evidence'],
  ['identity'],
  ['community'],
  ['mailbox'],
  ['delivery'],
  ['helpdesk'],
  ['net'],
  ['smtp', 'imap', 'web'],
  ['cli'],
  ['roles'],
] as const
