// Signing in with a browser, by user name and password, and the sessions that come of it. Every sign-in, failure and sign-out is recorded before it counts. T03, T06, G02
import type { Clock } from '#base/clock.ts'
import { type Refused, refused } from '#base/faults.ts'
import { newId, randomOctets } from '#base/ids.ts'
import type { Evidence } from '#evidence/record.ts'
import { type Browser, type BoundComputer, openComputers } from '#identity/computers.ts'
import { type GuessSubject, openGuesses } from '#identity/guesses.ts'
import { hashPassword, passwordIs } from '#identity/passwords.ts'
import { suspended, type SignedIn } from '#identity/sign-in.ts'
import {
  type PasswordRow,
  type SessionRow,
  accountWithPassword,
  endSession,
  insertSession,
  removeOld,
  sessionWith,
  touchSession,
} from '#identity/web-sessions.sql.ts'
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import type { Database, Transaction } from '#store/database.ts'

/** A person's session at one browser. */
export interface WebSession {
  readonly id: string
  readonly userName: string
  readonly who: SignedIn
  /** Whether they decide for the Helpdesk. */
  readonly isOfficer: boolean
}

export interface WebAttempt {
  readonly userName: string
  readonly password: string
  readonly browser: Browser
  readonly remoteAddress: string
  /** What guesses are counted by, beside the account. */
  readonly network: string
}

/** A session was opened: `token` is the browser's, `credential` makes it a computer of the person's and is there when it was enrolled now. */
export interface WebSignedIn {
  readonly kind: 'signed-in'
  readonly session: WebSession
  readonly token: string
  readonly credential: string | null
}

export type FoundSession =
  | { readonly kind: 'open'; readonly session: WebSession }
  /** Too long without a request, or too old: the person signs in again. */
  | { readonly kind: 'expired'; readonly session: WebSession }
  | { readonly kind: 'refused'; readonly refusal: Refused }

export interface SessionLimits {
  /** Without a request. */
  readonly idleMs: number
  /** From the sign-in. */
  readonly longestMs: number
}

export interface WebSessions {
  /** Signs in. Too many guesses are told when to come again (wall ms). */
  signIn(attempt: WebAttempt): Promise<WebSignedIn | { readonly kind: 'wait'; readonly untilMs: number } | Refused>
  /** The session of a token, or null when there is none or its person signed out. Asked for every request: a suspension counts from then on. `isActive` false leaves the idle time alone. */
  find(token: string, isActive?: boolean): Promise<FoundSession | null>
  signOut(session: WebSession, remoteAddress: string): Promise<void>
}

/** A request within this of the one before is not written down. */
const touchEveryMs = 60_000
/** Sessions are kept so long after their last request, so that a form that was cut off can be taken up again. */
const keptMs = 7 * 24 * 3_600_000
const tokenOctets = 32
export const maxPasswordCharacters = 1000
const mostDerivations = 2

const failed = refused(
  'T06',
  'sign-in-failed',
  'the user name or the password is not right',
  'Check both. The password is the one for webmail, not the device password of a mail program.',
)
const revoked = refused(
  'T06',
  'device-credential-is-revoked',
  'this browser is no longer one of your computers',
  'Ask your organisation’s administrator for a code for a new browser.',
)

export function openWebSessions(o: {
  database: Database
  keys: Keys
  evidence: Evidence
  clock: Clock
  limits: SessionLimits
  admitsDemonstration: boolean
}): WebSessions {
  const { database, keys, evidence, clock, limits } = o
  const guesses = openGuesses(o)
  const computers = openComputers(o)
  const turns = newTurns(mostDerivations)
  let nobodys: Promise<string> | undefined

  const tokenHash = async (token: string) => (await keys.hashFor(theService, 'web session'))(token)

  /** As costly for a name that nobody has as for one that somebody has. */
  const passwordIsRight = async (row: PasswordRow | undefined, password: string): Promise<boolean> => {
    nobodys ??= hashPassword(randomOctets(tokenOctets).toString('base64'))
    const hash = row?.passwordHash ?? (await nobodys)
    return (await turns(() => passwordIs(hash, password))) && row !== undefined
  }

  async function open(tx: Transaction, row: PasswordRow, bound: BoundComputer, remoteAddress: string) {
    const token = randomOctets(tokenOctets).toString('base64url')
    const atMs = clock.now()
    const id = newId(atMs)
    await insertSession(tx, { id, tokenHash: await tokenHash(token), account: row.account, computer: bound.computer, atMs })
    const details = [{ protocol: 'webmail', remoteAddress, computer: bound.computer, session: id }]
    await evidence.write(tx, { event: 'SignIn', actor: row.account, about: row.account, details })
    return token
  }

  async function recordFailure(subject: string, attempt: WebAttempt, reason: string): Promise<void> {
    const details = [{ protocol: 'webmail', remoteAddress: attempt.remoteAddress, reason }]
    await database.transaction((tx) => evidence.write(tx, { event: 'SignInFailure', actor: theService, about: subject, details }))
  }

  async function refusalOf(row: PasswordRow | undefined, password: string): Promise<Refused | null> {
    if (!(await passwordIsRight(row, password))) return failed
    return row!.state === 'suspended' || row!.state === 'removed' ? suspended : null
  }

  return {
    async signIn(attempt) {
      const userName = attempt.userName.slice(0, 320).trim().toLowerCase()
      // PostgreSQL's text knows no NUL; nobody's name holds one.
      const [row] = userName.includes('\0') ? [] : await accountWithPassword(database, userName)
      const { credentials, code } = attempt.browser
      const own =
        row === undefined
          ? null
          : ((await computers.known(row.account, credentials)) ?? (await computers.knownCode(row.account, code)))
      // Who has the person's own computer, or a code for a new one, answers for that alone: what others guess at the account, or from the same network, keeps nobody out (T06).
      const strangers: GuessSubject[] = [
        { kind: 'network', name: attempt.network },
        { kind: 'account', name: userName },
      ]
      const subjects: GuessSubject[] = own === null ? strangers : [{ kind: 'computer', name: own }]
      const untilMs = await guesses.take(subjects)
      if (untilMs !== null) return { kind: 'wait', untilMs }
      const refusal = await refusalOf(row, attempt.password.slice(0, maxPasswordCharacters))
      if (refusal !== null) {
        await recordFailure(row?.account ?? theService, attempt, refusal.reason)
        return refusal
      }
      const opened = await database.transaction(async (tx) => {
        const bound = await computers.bindComputer(tx, row!, attempt.browser)
        if (bound.kind === 'refused') return bound
        return { credential: bound.credential, token: await open(tx, row!, bound, attempt.remoteAddress) }
      })
      if ('kind' in opened) {
        await recordFailure(row!.account, attempt, opened.reason)
        return opened
      }
      await guesses.right(subjects)
      const [session] = await sessionWith(database, await tokenHash(opened.token))
      return { kind: 'signed-in', session: sessionOf(session!), ...opened }
    },
    async find(token, isActive = true) {
      const [row] = await sessionWith(database, await tokenHash(token.slice(0, 200)))
      if (row === undefined || row.endedMs !== null) return null
      const session = sessionOf(row)
      if (row.state === 'suspended' || row.state === 'removed') return { kind: 'refused', refusal: suspended }
      if (row.revoked) return { kind: 'refused', refusal: revoked }
      const nowMs = clock.now()
      const isExpired = nowMs - row.seenMs >= limits.idleMs || nowMs - row.createdMs >= limits.longestMs
      if (isExpired) return { kind: 'expired', session }
      if (isActive && nowMs - row.seenMs >= Math.min(touchEveryMs, limits.idleMs / 4)) await touchSession(database, row.id, nowMs)
      return { kind: 'open', session }
    },
    async signOut(session, remoteAddress) {
      const { account, computer } = session.who
      await database.transaction(async (tx) => {
        if ((await endSession(tx, session.id, clock.now())) === 0) return
        const details = [{ protocol: 'webmail', remoteAddress, computer, session: session.id }]
        await evidence.write(tx, { event: 'SignOut', actor: account, about: account, details })
      })
    },
  }
}

function sessionOf(row: SessionRow): WebSession {
  const { id, userName, account, organisation, computer, name, address, mayUse, state, isOfficer } = row
  const who: SignedIn = { kind: 'signed-in', account, organisation, computer, name, address, mayUse, maySend: state === 'active' }
  return { id, userName, who, isOfficer }
}

/** Lets so many at a time in, the others in turn: each derivation takes 19 MiB. */
function newTurns(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let busy = 0
  const waiting: (() => void)[] = []
  return async (work) => {
    if (busy >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    else busy += 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) busy -= 1
      else next()
    }
  }
}

/** Removes sessions, codes and guesses that nobody can use any more, and returns how many. */
export function forgetSessions(o: { database: Database; clock: Clock }): Promise<number> {
  const beforeMs = o.clock.now() - keptMs
  return o.database.transaction((tx) =>
    removeOld(tx, { sessionsBeforeMs: beforeMs, codesBeforeMs: beforeMs, guessesBeforeMs: beforeMs }),
  )
}
