// BDAT: the content in counted pieces. RFC 3030 §2; without BINARYMIME, so its CR and LF are held to the same rule as DATA's.
import { BadCommand } from '#base/faults.ts'
import { submit } from '#smtp/commands/submit.ts'
import { Intake } from '#smtp/intake.ts'
import { maxPieceOctets } from '#smtp/limits.ts'
import { closing, reply, type Reply } from '#smtp/replies.ts'
import { resetTransaction, type Command, type Session } from '#smtp/session.ts'

interface BdatArgument {
  readonly octets: number
  readonly last: boolean
}

export const bdat: Command<BdatArgument> = {
  verb: 'BDAT',
  phases: ['envelope', 'bdat'],
  needs: 'sign-in',
  parse(argument) {
    const match = /^(\d{1,15})(?: (LAST))?$/i.exec(argument)
    if (match === null) throw new BadCommand('The syntax is BDAT octets [LAST]')
    return { octets: Number(match[1]), last: match[2] !== undefined }
  },
  octetsBehind: ({ octets }) => octets,
  async run(session, { octets, last }) {
    if (octets > session.limits.drainedOctets) return closing(reply(552, '5.3.4', 'The piece is too large'))
    session.intake ??= new Intake(session.doors.newSpool(), session.limits, { dots: false })
    session.phase = 'bdat'
    const { intake } = session
    if (!intake.countChunk()) return closing(reply(421, '4.7.0', 'The message comes in too many small pieces'))
    for (let left = octets; left > 0; ) {
      const piece = await session.wire.readPiece(Math.min(left, maxPieceOctets))
      left -= piece.length
      await intake.push(piece)
    }
    if (last) intake.finish()
    const refusal =
      intake.refusal() ?? (session.envelope!.recipients.length === 0 ? reply(554, '5.5.1', 'No recipient was accepted') : null)
    if (refusal !== null) return refuse(session, intake, refusal)
    if (last) return submit(session, intake)
    intake.rethrow()
    return reply(250, '2.0.0', `${octets} octets received`)
  },
}

/** RFC 3030 §2: the transaction is over, and pieces that are on their way are answered 503. */
async function refuse(session: Session, intake: Intake, refusal: Reply): Promise<Reply> {
  await resetTransaction(session)
  return intake.drainedEnough ? closing(refusal) : refusal
}
