// Signing in with a device credential, as mail programs do. Every sign-in and every failure is recorded before it counts. T03, T06, G02
import type { Clock } from '#base/clock.ts'
import { type Refused, refused } from '#base/faults.ts'
import type { Evidence } from '#evidence/record.ts'
import { accountWithCredential, computerStanding } from '#identity/accounts.sql.ts'
import { devicePasswordKey } from '#identity/passwords.ts'
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import { addressKey } from '#mail/address.ts'
import type { Database } from '#store/database.ts'

/** A person at a computer of theirs. */
export interface SignedIn {
  readonly kind: 'signed-in'
  readonly account: string
  readonly organisation: string
  readonly computer: string
  readonly name: string
  readonly address: string
  /** Keys of all addresses that are theirs to send from. */
  readonly mayUse: readonly string[]
  readonly maySend: boolean
}

export interface Attempt {
  readonly userName: string
  readonly password: string
  readonly remoteAddress: string
  readonly protocol: 'submission' | 'imap'
}

const failed = refused(
  'T06',
  'sign-in-failed',
  'the user name or the device password is not right',
  'Use the device password that was shown for this computer, not the one for webmail.',
)
/** The same for mail programs and webmail. */
export const suspended = refused(
  'G02',
  'account-is-suspended',
  'the account may not be used at present',
  'Ask your organisation’s administrator or the Helpdesk.',
)

const revoked = refused(
  'T06',
  'device-credential-is-revoked',
  'the device password of this computer no longer counts',
  'Ask your organisation’s administrator for a new one.',
)

/** A user name, or the key of an address, which programs that set themselves up sign in with: no user name holds an @. */
function nameKey(name: string): string {
  try {
    return addressKey(name)
  } catch {
    return name.toLowerCase()
  }
}

/** Makes the function that signs a mail program in: SignedIn, or the same refusal for an unknown name and a wrong password. */
export function newSignIn(o: {
  database: Database
  keys: Keys
  evidence: Evidence
}): (attempt: Attempt) => Promise<SignedIn | Refused> {
  const { database, keys, evidence } = o
  return async (attempt) => {
    const hash = await keys.hashFor(theService, 'device password')
    const userName = nameKey(attempt.userName.slice(0, 320))
    // PostgreSQL's text knows no NUL; nobody's name holds one.
    const [row] = userName.includes('\0')
      ? []
      : await accountWithCredential(database, userName, hash(devicePasswordKey(attempt.password)))
    const from = { protocol: attempt.protocol, remoteAddress: attempt.remoteAddress }
    const refusal =
      row === undefined || row.computer === null
        ? failed
        : row.state === 'suspended' || row.state === 'removed'
          ? suspended
          : null
    const subject = row?.account ?? theService
    await database.transaction((tx) =>
      refusal === null
        ? evidence.write(tx, { event: 'SignIn', actor: subject, about: subject, details: [{ ...from, computer: row!.computer }] })
        : evidence.write(tx, {
            event: 'SignInFailure',
            actor: theService,
            about: subject,
            details: [{ ...from, reason: refusal.reason }],
          }),
    )
    if (refusal !== null) return refusal
    const { account, organisation, computer, name, address, mayUse, state } = row!
    return { kind: 'signed-in', account, organisation, computer: computer!, name, address, mayUse, maySend: state === 'active' }
  }
}

/** How long an answer of stillSignedIn may be old: so long a suspended person's open session goes on at most while it does anything. */
const standingKeptMs = 2_000
const standingsKept = 50_000

/** Makes the function that says why a signed-in person may no longer be, or null: their account was suspended or removed, or the computer's credential revoked. G02, T06 */
export function newStillSignedIn(o: { database: Database; clock: Clock }): (who: SignedIn) => Promise<Refused | null> {
  const kept = new Map<string, { refusal: Refused | null; untilMs: number }>()
  return async ({ computer }) => {
    const nowMs = o.clock.monotonic()
    const known = kept.get(computer)
    if (known !== undefined && known.untilMs > nowMs) return known.refusal
    const [row] = await computerStanding(o.database, computer)
    const isOut = row === undefined || row.revoked || row.state === 'suspended' || row.state === 'removed'
    const refusal = !isOut ? null : row?.revoked === true ? revoked : suspended
    if (kept.size >= standingsKept) kept.clear()
    kept.set(computer, { refusal, untilMs: nowMs + standingKeptMs })
    return refusal
  }
}
