// ID: who is speaking. The client's answer is read and forgotten: it may be anything. RFC 2971.
import { BadCommand } from '#base/faults.ts'
import { anyState, type Command } from '#imap/command.ts'
import { ok } from '#imap/responses.ts'

const maxKeyOctets = 30
const maxValueOctets = 1024

export const id: Command<null> = {
  verb: 'ID',
  states: anyState,
  parse(input) {
    input.space()
    if (!input.isNext('(')) {
      if (input.word() !== 'NIL') throw new BadCommand('ID takes a list or NIL')
      return null
    }
    const pair = () => {
      if (input.string().length > maxKeyOctets) throw new BadCommand(`A key of ID is at most ${maxKeyOctets} octets long`)
      input.space()
      if ((input.nstring()?.length ?? 0) > maxValueOctets)
        throw new BadCommand(`A value of ID is at most ${maxValueOctets} octets long`)
    }
    input.list(pair, 0, input.limits.idPairs)
    return null
  },
  async *run() {
    yield '* ID ("name" "CJSM")\r\n'
    return ok('Pleased to meet you')
  },
}
