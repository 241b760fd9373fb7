// Browsers as computers of a person: a credential in a cookie, enrolled by a one-time code, or by itself in a demonstration. G17, T06
import type { Clock } from '#base/clock.ts'
import { type Refused, refused } from '#base/faults.ts'
import { newId, randomOctets } from '#base/ids.ts'
import type { Evidence } from '#evidence/record.ts'
import { devicePasswordKey, newDevicePassword } from '#identity/passwords.ts'
import { type PasswordRow, browserWith, codeWith, insertBrowser, insertCode, useCode } from '#identity/web-sessions.sql.ts'
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import type { Database, Transaction } from '#store/database.ts'

/** How long a code for a new browser can be used. */
export const enrolmentCodeMs = 24 * 3_600_000
const credentialOctets = 32
/** People who share a browser. */
export const maxCredentials = 8
const browserNameCharacters = 100

const notEnrolled = refused(
  'G17',
  'browser-is-not-enrolled',
  'this browser is not one of your computers',
  'Ask your organisation’s administrator for a code for a new browser, and enter it once on this computer.',
)
const wrongCode = refused(
  'G17',
  'enrolment-code-is-wrong',
  'the code is not right, was used before, or is older than 24 hours',
  'Check it, or ask your organisation’s administrator for a new one.',
)

/** What a browser brings to a sign-in. */
export interface Browser {
  /** The credentials that its cookie holds: one for each person whose computer it is. */
  readonly credentials: readonly string[]
  /** The one-time code that was typed, or null. */
  readonly code: string | null
  /** What the computer is called: told from what the browser says of itself. */
  readonly name: string
}

/** The computer that a browser is; `credential` is there when it was enrolled now. */
export interface BoundComputer {
  readonly kind: 'bound'
  readonly computer: string
  readonly credential: string | null
}

export interface Computers {
  /** The computer of the account that one of a browser's credentials makes it, or null. */
  known(account: string, credentials: readonly string[]): Promise<string | null>
  /** The id of a code of the account that can still be used, or null. */
  knownCode(account: string, code: string | null): Promise<string | null>
  /** Says which computer of the account a browser is, or enrols it, in the transaction of the sign-in. The one-computer rule (G17) has its place here. */
  bindComputer(tx: Transaction, account: PasswordRow, browser: Browser): Promise<BoundComputer | Refused>
  /** Makes a one-time code for a new browser of the account; shown once. */
  issueCode(tx: Transaction, actor: string, account: string): Promise<string>
}

/** `admitsDemonstration`: accounts of the demonstration need no code. */
export function openComputers(o: {
  database: Database
  keys: Keys
  evidence: Evidence
  clock: Clock
  admitsDemonstration: boolean
}): Computers {
  const { database, keys, evidence, clock } = o
  const credentialHash = async (credential: string) => (await keys.hashFor(theService, 'browser credential'))(credential)
  const codeHash = async (code: string) => (await keys.hashFor(theService, 'enrolment code'))(devicePasswordKey(code))

  async function enrol(tx: Transaction, account: string, name: string): Promise<BoundComputer> {
    const credential = randomOctets(credentialOctets).toString('base64url')
    const computer = newId(clock.now())
    const called = name.slice(0, browserNameCharacters)
    await insertBrowser(tx, {
      id: computer,
      account,
      name: called,
      credentialHash: await credentialHash(credential),
      createdMs: clock.now(),
    })
    const details = [{ account, computer, name: called, kind: 'browser' }]
    await evidence.write(tx, { event: 'DeviceCredentialIssued', actor: account, about: account, details })
    return { kind: 'bound', computer, credential }
  }

  const known: Computers['known'] = async (account, credentials) => {
    if (credentials.length === 0) return null
    const hashes = await Promise.all(credentials.slice(0, maxCredentials).map((one) => credentialHash(one.slice(0, 200))))
    return (await browserWith(database, account, hashes))[0]?.id ?? null
  }

  return {
    known,
    async knownCode(account, code) {
      if (code === null) return null
      return (await codeWith(database, account, await codeHash(code), clock.now() - enrolmentCodeMs))[0]?.id ?? null
    },
    async bindComputer(tx, { account, isDemonstration }, browser) {
      if (browser.code !== null) {
        const atMs = clock.now()
        const used = await useCode(tx, account, await codeHash(browser.code), atMs, atMs - enrolmentCodeMs)
        return used === 0 ? wrongCode : enrol(tx, account, browser.name)
      }
      const computer = await known(account, browser.credentials)
      if (computer !== null) return { kind: 'bound', computer, credential: null }
      return isDemonstration && o.admitsDemonstration ? enrol(tx, account, browser.name) : notEnrolled
    },
    async issueCode(tx, actor, account) {
      const code = newDevicePassword()
      const id = newId(clock.now())
      await insertCode(tx, { id, account, codeHash: await codeHash(code), createdMs: clock.now() })
      const details = [{ account, code: id, kind: 'enrolment code' }]
      await evidence.write(tx, { event: 'DeviceCredentialIssued', actor, about: account, details })
      return code
    },
  }
}
