// Numbered messages for the crash tests, and the community they go to: the octets of a number are always the same, so that a retry, and who looks later, makes them again.
import { createHash } from 'node:crypto'
import { systemClock } from '#base/clock.ts'
import { newLog } from '#base/log.ts'
import { theService } from '#keys/epoch.ts'
import type { Domains } from '#roles/domains.ts'
import { openServiceDomains } from '#roles/open.ts'
import type { Instance } from '#test/support/instance.ts'

export interface Correspondent {
  readonly address: string
  readonly userName: string
  readonly devicePassword: string
}

export interface Community {
  readonly senders: readonly Correspondent[]
  /** Twenty who can receive. */
  readonly good: readonly Correspondent[]
  /** Admitted at RCPT, and refused when the mailbox is locked: nothing fits into its quota. */
  readonly full: Correspondent
  /** Refused at RCPT. */
  readonly removed: string
  readonly unknown: string
}

export interface Numbered {
  readonly number: number
  readonly from: Correspondent
  readonly to: readonly string[]
  readonly octets: Buffer
  /** True when the message as such is refused after its content. */
  readonly refused: boolean
}

const organisation = 'Hollis and Penn Solicitors'
const domain = 'hollis-penn.cjsm.test'
const manyRecipients = 20
const smallOctets = 600
/** Compressed to half and sealed, it is larger than what stands in the database. */
const largeOctets = 200_000

/** The domains of a running instance: what its own processes see. The caller closes them. */
export function domainsOf(instance: Instance): { domains: Domains; close(): Promise<void> } {
  return openServiceDomains(instance.config, systemClock, newLog('silent', {}), 4)
}

/** Opens one account more; `name` is its user name too. */
export async function openCorrespondent(domains: Domains, name: string): Promise<Correspondent> {
  const found = (await domains.organisations.list()).find((one) => one.name === organisation)!
  const person = { name, role: 'solicitor', userName: name, address: `${name}@${domain}`, password: 'Not-used-1' }
  const account = { ...person, organisation: found.id, quotaOctets: 4 * 1024 ** 3 }
  const opened = await domains.members.openAccount(theService, account, 'Computer')
  if (opened.kind === 'refused') throw new Error(opened.about)
  return { address: person.address, userName: name, devicePassword: opened.devicePassword }
}

/** Opens the accounts that numbered messages go to, in the demonstration's solicitors' firm. */
export async function openCommunity(instance: Instance): Promise<Community> {
  const { domains, close } = domainsOf(instance)
  try {
    const good: Correspondent[] = []
    for (let n = 0; n < manyRecipients; n++) good.push(await openCorrespondent(domains, `reader-${n}`))
    return {
      senders: ['prosecutor', 'paralegal', 'barrister', 'clerk'].map((role) => instance.person(role)),
      good,
      full: openByCommand(instance, 'full', '--quota', '1'),
      removed: removeByCommand(instance, openByCommand(instance, 'leaver')),
      unknown: `nobody@${domain}`,
    }
  } finally {
    await close()
  }
}

function openByCommand(instance: Instance, name: string, ...more: string[]): Correspondent {
  const who = ['--organisation', organisation, '--name', name, '--role', 'solicitor', '--user-name', name]
  const made = instance.cjsm('add-account', ...who, '--address', `${name}@${domain}`, '--json', ...more)
  if (made.status !== 0) throw new Error(made.stdout + made.stderr)
  return JSON.parse(made.stdout) as Correspondent
}

function removeByCommand(instance: Instance, { address, userName }: Correspondent): string {
  const removed = instance.cjsm('set-account', userName, 'removed', '--reason', 'left the firm')
  if (removed.status !== 0) throw new Error(removed.stdout + removed.stderr)
  return address
}

/** The message of a number: of ten, five go to one recipient, one to twenty, one to a full mailbox too, one to removed and unknown ones too, one is large, and one is refused. */
export function numberedMessage(community: Community, number: number): Numbered {
  const kind = number % 10
  const from = community.senders[number % community.senders.length]!
  const some = (count: number) =>
    Array.from({ length: count }, (_, n) => community.good[(number * 7 + n * 3) % community.good.length]!.address)
  const { full, removed, unknown } = community
  const to =
    kind === 5
      ? some(manyRecipients)
      : kind === 6
        ? [...some(3), full.address]
        : kind === 7
          ? [unknown, ...some(2), removed]
          : kind === 8
            ? some(2)
            : number % 20 === 9
              ? [full.address]
              : some(1)
  return { number, from, to, octets: octetsOf(number, from, to), refused: kind === 9 }
}

function octetsOf(number: number, from: Correspondent, to: readonly string[]): Buffer {
  // Two messages of one sender with one Message-ID: both must arrive.
  const messageId = number % 10 === 4 ? number - 4 : number
  const subject = number % 20 === 19 ? `SECRET: numbered ${number}` : `numbered ${number}`
  const header = [
    `From: ${from.address}`,
    `To: ${to[0]}`,
    `Subject: ${subject}`,
    'Date: Sat, 21 Nov 2026 10:00:00 +0000',
    `Message-ID: <${messageId}@client.cjsm.test>`,
  ]
  return Buffer.from(`${header.join('\r\n')}\r\n\r\n${textOf(number, number % 10 === 8 ? largeOctets : smallOctets)}`)
}

/** Lines that do not compress, and now and then begin with a dot. */
function textOf(number: number, octets: number): string {
  const lines: string[] = []
  for (let n = 0; n * 66 < octets; n++) {
    const line = createHash('sha256').update(`${number}/${n}`).digest('hex')
    lines.push(`${n % 9 === 0 ? '.' : ''}${line}\r\n`)
  }
  return lines.join('')
}

/** The number in a subject, as it stands in a message or in the header that a notice returns; null when there is none. */
export function numberIn(text: string): number | null {
  const found = /Subject: (?:SECRET: )?numbered (\d+)\r\n/.exec(text)
  return found === null ? null : Number(found[1])
}
