// NAMESPACE: one personal namespace without a prefix. RFC 2342.
import { afterSignIn, type Command, noArguments } from '#imap/command.ts'
import { ok } from '#imap/responses.ts'

export const namespace: Command<null> = {
  verb: 'NAMESPACE',
  states: afterSignIn,
  parse: noArguments,
  async *run() {
    yield '* NAMESPACE (("" "/")) NIL NIL\r\n'
    return ok('Those are the namespaces')
  },
}
