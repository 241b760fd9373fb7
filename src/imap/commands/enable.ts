// ENABLE: none of the extensions that need it is here yet, so every name is passed over. RFC 5161.
import { afterSignIn, type Command } from '#imap/command.ts'
import { ok } from '#imap/responses.ts'

export const enable: Command<null> = {
  verb: 'ENABLE',
  states: afterSignIn,
  parse(input) {
    do {
      input.space()
      input.atom()
    } while (!input.atEnd)
    return null
  },
  async *run() {
    yield '* ENABLED\r\n'
    return ok('Nothing was enabled')
  },
}
