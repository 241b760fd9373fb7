// SEARCH and UID SEARCH. RFC 3501 §6.4.4.
import { type Command, whenSelected } from '#imap/command.ts'
import { no, ok } from '#imap/responses.ts'
import { evaluate } from '#imap/search/evaluate.ts'
import { parseSearch, type SearchRequest } from '#imap/search/keys.ts'

export const search = searching('SEARCH', false)
export const uidSearch = searching('UID SEARCH', true)

function searching(verb: string, byUid: boolean): Command<SearchRequest> {
  return {
    verb,
    states: whenSelected,
    withholdsExpunges: !byUid,
    parse: parseSearch,
    async *run(session, { key, charsetIsKnown }) {
      if (!charsetIsKnown) return no('BADCHARSET (US-ASCII UTF-8)', 'Strings are in US-ASCII or UTF-8')
      yield* await session.news(false)
      const { view } = session.selected
      const found = await evaluate(session, key, [...view.uids])
      const numbers = byUid ? found : found.map((uid) => view.sequenceNumber(uid)).filter((number) => number > 0)
      yield `* SEARCH${numbers.map((number) => ` ${number}`).join('')}\r\n`
      return ok('Searched')
    },
  }
}
