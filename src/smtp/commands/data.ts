// DATA: the content up to CRLF.CRLF, then the verdict. RFC 5321 §4.1.1.4.
import { parseNothing } from '#smtp/commands/nothing.ts'
import { submit } from '#smtp/commands/submit.ts'
import { Intake } from '#smtp/intake.ts'
import { maxPieceOctets } from '#smtp/limits.ts'
import { closing, plainReply, reply } from '#smtp/replies.ts'
import { resetTransaction, type Command } from '#smtp/session.ts'

export const data: Command<null> = {
  verb: 'DATA',
  phases: ['envelope'],
  needs: 'sign-in',
  parse: parseNothing,
  async run(session) {
    const { wire, doors, limits } = session
    if (session.envelope!.recipients.length === 0) return reply(554, '5.5.1', 'No recipient was accepted')
    const intake = new Intake(doors.newSpool(), limits, { dots: true })
    session.intake = intake
    await wire.send(plainReply(354, 'End the message with a line that holds one dot'))
    while (!intake.ended) {
      const rest = await intake.push(await wire.readPiece(maxPieceOctets))
      if (rest !== null) wire.unread(rest)
      else if (intake.drainedEnough) {
        const refusal = intake.refusal()
        if (refusal !== null) return closing(refusal)
      }
    }
    const refusal = intake.refusal()
    if (refusal === null) return submit(session, intake)
    await resetTransaction(session)
    return refusal
  },
}
