// What DATA and BDAT LAST have in common: the message goes to acceptance, and the envelope is done with. RFC 5321 §6.1.
import { faultPoint } from '#base/fault-point.ts'
import { isRefused } from '#smtp/doors.ts'
import type { Intake } from '#smtp/intake.ts'
import { replyToAccepted, replyToRefusal, type Reply } from '#smtp/replies.ts'
import { resetTransaction, type Session } from '#smtp/session.ts'

/** Hands the content over and returns what the peer is told; throws what acceptance or the spool threw, the transaction then being over. */
export async function submit(session: Session, intake: Intake): Promise<Reply> {
  const envelope = session.envelope!
  const { helo, wire, signedIn, doors } = session
  try {
    intake.rethrow()
    // From here on the spool is acceptance's: only its own abandon may end it.
    session.intake = null
    faultPoint('end-of-data')
    const outcome = await doors.accept(signedIn!, envelope, intake.spool, {
      protocol: envelope.smtputf8 ? 'UTF8SMTPSA' : 'ESMTPSA',
      helo,
      remoteAddress: wire.remoteAddress,
      tls: wire.tlsProtocol ?? '',
    })
    return isRefused(outcome) ? replyToRefusal(outcome, session) : replyToAccepted(outcome)
  } finally {
    await resetTransaction(session)
  }
}
