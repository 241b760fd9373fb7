// NOOP and CHECK: nothing but the news of the selected mailbox. RFC 3501 §6.1.2, §6.4.1.
import { anyState, type Command, noArguments, whenSelected } from '#imap/command.ts'
import { ok } from '#imap/responses.ts'

const run: Command<null>['run'] = async function* (session) {
  if (session.selection !== null) yield* await session.news(true)
  return ok('Nothing more')
}

export const noop: Command<null> = { verb: 'NOOP', states: anyState, parse: noArguments, run }
export const check: Command<null> = { verb: 'CHECK', states: whenSelected, parse: noArguments, run }
