// The command that says what would happen to a message, and why, against the running service's community; nothing is stored. G01–G16
import { readFileSync, statSync } from 'node:fs'
import { systemClock } from '#base/clock.ts'
import { newLog } from '#base/log.ts'
import { type Options, UsageError, needed } from '#cli/command.ts'
import { table } from '#cli/table.ts'
import { keyOf } from '#community/standing.ts'
import type { Config } from '#config.ts'
import { newDocumentThreads } from '#delivery/document-threads.ts'
import { newExpansion } from '#delivery/expansion.ts'
import { newLookInside } from '#delivery/documents.ts'
import { octetsOf } from '#delivery/inspect.ts'
import { newFindIntegrity } from '#delivery/integrity.ts'
import { type Judgement, judgeMessage } from '#delivery/judge.ts'
import type { SignedIn } from '#identity/sign-in.ts'
import { addressKey } from '#mail/address.ts'
import { openMailboxes } from '#mailbox/open-mailboxes.ts'
import { openWatcher } from '#mailbox/watch.ts'
import { writeHandlingAsked } from '#policy/handling-asked.ts'
import { markingWords } from '#policy/marking.ts'
import { releaseRecorded } from '#policy/release.ts'
import type { Domains } from '#roles/domains.ts'
import { markingSetIn } from '#roles/marking-files.ts'
import { openServiceDomains } from '#roles/open.ts'
import { smtpLimits } from '#smtp/limits.ts'

type Print = (text: string) => void

/** Judges the message in a file; returns 0 where it would be taken for every recipient, else 1. */
export async function judge(config: Config, options: Options, print: Print): Promise<number> {
  const octets = readMessage(options.words[0] ?? '')
  const from = needed(options, 'from')
  const recipients = needed(options, 'to')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
  if (recipients.length === 0) throw new UsageError('--to names nobody.')
  const { domains, close } = openServiceDomains(config, systemClock, newLog('silent', {}), 2)
  const documents = newDocumentThreads()
  // Nothing changes in a mailbox, so nobody is told.
  const watcher = await openWatcher({ ...domains, hears: false, tells: false })
  try {
    const who = await personAt(domains, from)
    const envelope = {
      reversePath: from,
      recipients: recipients.map((address) => ({ address, originalRecipient: null, notify: null })),
      envid: null,
      ret: null,
    }
    const lookInside = newLookInside(documents, systemClock)
    const parts = {
      ...domains,
      lookInside,
      countExpansion: newExpansion(systemClock),
      findIntegrity: newFindIntegrity({ mailboxes: openMailboxes({ ...domains, watcher }) }),
      markings: markingSetIn(config.markingsFolder),
      channels: config.verifiedChannels,
      hostName: config.hostName,
      nowMs: () => systemClock.now(),
    }
    const judgement = await judgeMessage(parts, who, envelope, octetsOf(octets))
    print(options.flags.has('json') ? JSON.stringify(jsonOf(judgement), null, 2) : textOf(judgement, config))
    return judgement.refusal === null && judgement.decision.recipients.every(({ verdict }) => verdict.kind === 'allowed') ? 0 : 1
  } finally {
    await documents.close()
    await watcher.close()
    await close()
  }
}

/** The file's octets with the line ends of SMTP. */
function readMessage(file: string): Buffer {
  let octets: Buffer
  try {
    if (statSync(file).size > smtpLimits.messageOctets) throw new UsageError(`${file} is larger than a message may be.`)
    octets = readFileSync(file)
  } catch (fault) {
    if (fault instanceof UsageError) throw fault
    throw new UsageError(`${file} cannot be read.`)
  }
  return octets.includes('\r\n') ? octets : Buffer.from(octets.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')
}

/** The person whose address it is, as if at a computer of theirs. */
async function personAt({ standingOf, accounts }: Domains, address: string): Promise<SignedIn> {
  const key = keyOf(address)
  const standing = key === null ? undefined : (await standingOf([key])).get(key)
  if (standing?.standing !== 'member') throw new UsageError(`${address} is not the address of a member.`)
  const [account] = await accounts.list({ id: standing.holder })
  if (account === undefined) throw new UsageError(`${address} is not a person’s address.`)
  return {
    kind: 'signed-in',
    account: account.id,
    organisation: account.organisation,
    computer: '',
    name: account.name,
    address,
    mayUse: account.addresses.map(addressKey),
    maySend: account.state === 'active',
  }
}

/** The judgement as data: what it says in text, and the facts. */
function jsonOf({ refusal, held, decision, facts, rules, stamps }: Judgement) {
  const { asserted, floor, warnings, lowered, recipients } = decision
  return { refusal, held, recipients, asserted, floor, lowered, warnings, rules, stamps, facts }
}

function textOf({ refusal, held, decision, facts, rules, stamps }: Judgement, config: Config): string {
  const { asserted, floor, lowered, warnings, recipients } = decision
  const list = (items: readonly string[]) => (items.length === 0 ? ['  none'] : items.map((item) => `  ${item}`))
  const told = ({ clause, about, remedy }: { clause: string; about: string; remedy: string }) => `[${clause}] ${about}. ${remedy}`
  return [
    refusal !== null
      ? `The message would be refused: ${told(refusal)}`
      : held !== null
        ? `The message would be held for a person: ${told(held)}`
        : 'The message would be taken. It was not scanned for viruses.',
    ...(refusal === null ? [] : [`Helpdesk: ${config.helpdesk}. See ${config.publicUrl}/rules#${refusal.clause}`]),
    '',
    'Recipients',
    ...recipients.map(({ address, verdict }) => `  ${address}: ${verdict.kind === 'allowed' ? 'allowed' : told(verdict)}`),
    '',
    'Facts',
    `  submitter: ${facts.submitter.address}, ${facts.submitter.organisation}${facts.submitter.adopter ? ', adopter of the marking scheme' : ''}`,
    ...(facts.integrity === null ? [] : [`  passes on: ${facts.integrity.verdict} of ${facts.integrity.original}`]),
    `  marking: ${asserted === null ? 'none' : `${markingWords(asserted) || asserted.written} (${asserted.scheme})`}; treated as ${floor}`,
    ...[...facts.markings, ...facts.quoted, ...facts.attached].map(
      ({ carrier, line, origin }) => `  ${carrier}: ${line} (${origin})`,
    ),
    ...(lowered === null ? [] : [`  lowered from ${markingWords(lowered.from)}: ${lowered.reason}`]),
    ...(releaseRecorded(facts) === null ? [] : [`  release outside: ${Object.values(releaseRecorded(facts) ?? {}).join('; ')}`]),
    ...(writeHandlingAsked(decision.handling.asked) === '' ? [] : [`  handling: ${writeHandlingAsked(decision.handling.asked)}`]),
    '',
    'Warnings',
    ...list(warnings.map(told)),
    '',
    'Stamps',
    ...list([
      ...stamps.removed.map((name) => `out or changed: ${name}`),
      ...stamps.added.map((field) => `written: ${field}`),
      ...stamps.above.map((line) => `above the text: ${line}`),
      ...(stamps.notice === null ? [] : [`below the text: ${stamps.notice}`]),
      ...(stamps.addsBlock ? ['at the end: the sender’s signature block'] : []),
      ...(stamps.addsStatement ? ['at the end: the organisation’s confidentiality statement'] : []),
    ]),
    '',
    'Rules',
    table(
      ['clause', 'rule', 'about', 'verdict'],
      rules.map(({ clause, rule, recipient, verdict }) => [clause, rule, recipient ?? 'the message', verdict.kind]),
    ),
  ].join('\n')
}
