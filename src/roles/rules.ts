// The operator's commands on what the rules know: wordings, permits and incidents. Each act is recorded. G12, G13, T08, T23
import type { Refused } from '#base/faults.ts'
import { type Options, UsageError, needed } from '#cli/command.ts'
import { table } from '#cli/table.ts'
import type { IncidentDecision } from '#community/incidents.ts'
import { keyOf } from '#community/standing.ts'
import { theService } from '#keys/epoch.ts'
import { unscannableChoices } from '#policy/looked-into.ts'
import type { Domains } from '#roles/domains.ts'
import { decisionsOver, type ServiceNames } from '#roles/helpdesk-doors.ts'
import { accountOf, named } from '#roles/named.ts'

type Print = (text: string) => void

const dayMs = 24 * 3_600_000

export async function setSignature(domains: Domains, options: Options, print: Print): Promise<Refused | null> {
  const { id, name } = await accountOf(domains, options.words[0] ?? '')
  const text = options.values.get('text')
  if (text === undefined) throw new UsageError('--text is missing.')
  const refusal = await domains.database.transaction((tx) => domains.wordings.setBlock(tx, theService, id, text))
  if (refusal === null) print(`${name} has ${text.trim() === '' ? 'the usual' : 'this'} signature block now.`)
  return refusal
}

export async function setStatement(domains: Domains, options: Options, print: Print): Promise<Refused | null> {
  const { id, name } = await named(domains, needed(options, 'organisation'))
  const text = options.values.get('text')
  const statementFor = oneOf(options, 'for', ['marked', 'protected'] as const)
  const unsigned = oneOf(options, 'unsigned', ['warn', 'refuse'] as const)
  const wording = {
    ...(text === undefined ? {} : { statement: text }),
    ...(statementFor === undefined ? {} : { statementFor }),
    ...(unsigned === undefined ? {} : { unsigned }),
  }
  if (Object.keys(wording).length === 0)
    throw new UsageError('Nothing is to be changed: --text, --for and --unsigned are missing.')
  const refusal = await domains.database.transaction((tx) => domains.wordings.setWording(tx, theService, id, wording))
  if (refusal === null) print(`The wording of ${name} was changed.`)
  return refusal
}

export async function setUnscannable(domains: Domains, options: Options, print: Print): Promise<Refused | null> {
  const { id, name } = await named(domains, needed(options, 'organisation'))
  const unscannable = oneOf(options, 'choice', unscannableChoices)
  if (unscannable === undefined) throw new UsageError('--choice is missing.')
  const refusal = await domains.database.transaction((tx) => domains.wordings.setWording(tx, theService, id, { unscannable }))
  const becomes = { refuse: 'refused', hold: 'held for a person', 'deliver-flagged': 'delivered with a note' }[unscannable]
  if (refusal === null) print(`What ${name} sends and cannot be looked into is ${becomes} now.`)
  return refusal
}

function oneOf<T extends string>(options: Options, name: string, allowed: readonly T[]): T | undefined {
  const given = options.values.get(name)
  const found = allowed.find((one) => one === given)
  if (given !== undefined && found === undefined) throw new UsageError(`--${name} is one of ${allowed.join(', ')}.`)
  return found
}

export function onPermits(domains: Domains, options: Options, print: Print): Promise<Refused | null> {
  const [act] = options.words
  if (act === 'grant') return grantPermit(domains, options, print)
  if (act === 'revoke') return revokePermit(domains, options, print)
  if (act === 'list') return listPermits(domains, options, print)
  throw new UsageError(`${act} is not one of grant, list, revoke.`)
}

async function grantPermit(domains: Domains, options: Options, print: Print): Promise<Refused | null> {
  const { id: account, name } = await accountOf(domains, needed(options, 'user'))
  const listed = (option: string) =>
    (options.values.get(option) ?? '')
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean)
  const recipients = listed('to').map((address) => {
    const key = keyOf(address)
    if (key === null) throw new UsageError(`${address} is not an address.`)
    return key
  })
  const organisations: string[] = []
  for (const one of listed('to-organisations')) organisations.push((await named(domains, one)).id)
  const computer = options.values.get('device') ?? null
  if (computer !== null && !/^[0-9a-f-]{36}$/.test(computer)) throw new UsageError('A device is named by its id.')
  const permit = {
    account,
    purpose: needed(options, 'purpose'),
    recipients,
    organisations,
    perHour: wholeNumber(options, 'per-hour'),
    computer,
    grantedBy: needed(options, 'granted-by'),
    expiresMs: domains.clock.now() + wholeNumber(options, 'days') * dayMs,
  }
  const granted = await domains.database.transaction((tx) => domains.permits.grant(tx, theService, permit))
  if (granted.kind === 'refused') return granted
  print(`${name} has permit ${granted.id}.`)
  return null
}

function wholeNumber(options: Options, name: string): number {
  const given = needed(options, name)
  if (!/^[1-9]\d{0,5}$/.test(given)) throw new UsageError(`--${name} is a whole number.`)
  return Number(given)
}

async function listPermits(domains: Domains, options: Options, print: Print): Promise<null> {
  const all = await domains.permits.list()
  const people = new Map((await domains.accounts.list()).map((one) => [one.id, one.userName]))
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
  const rows = all.map((one) => [
    one.id,
    people.get(one.account) ?? one.account,
    one.purpose,
    `${one.perHour} an hour`,
    one.revokedMs === null ? `until ${day(one.expiresMs)}` : `revoked ${day(one.revokedMs)}`,
    one.grantedBy,
  ])
  print(
    options.flags.has('json')
      ? JSON.stringify(all, null, 2)
      : table(['permit', 'sender', 'purpose', 'rate', 'stands', 'granted by'], rows),
  )
  return null
}

async function revokePermit(domains: Domains, options: Options, print: Print): Promise<null> {
  const id = needed(options, 'id')
  if (!/^[0-9a-f-]{36}$/.test(id)) throw new UsageError('A permit is named by its id.')
  const revoked = await domains.database.transaction((tx) => domains.permits.revoke(tx, theService, id))
  if (!revoked) throw new UsageError('There is no such permit, or it was revoked before.')
  print('The permit counts no more.')
  return null
}

const decisions: Readonly<Record<string, IncidentDecision>> = {
  lift: 'lifted',
  confirm: 'confirmed',
  release: 'released',
  destroy: 'destroyed',
  close: 'closed',
}

export async function onIncidents(domains: Domains, at: ServiceNames, options: Options, print: Print): Promise<Refused | null> {
  const [act = ''] = options.words
  if (act === 'list') return listIncidents(domains, options, print)
  const decision = Object.hasOwn(decisions, act) ? decisions[act] : undefined
  if (decision === undefined) throw new UsageError(`${act} is not one of list, ${Object.keys(decisions).join(', ')}.`)
  const id = needed(options, 'id')
  if (!/^[0-9a-f-]{36}$/.test(id)) throw new UsageError('An incident is named by its id.')
  const reason = needed(options, 'reason')
  // Who watches the mailbox hears of a notice in it within the half minute: this process knows none of them.
  const done = await decisionsOver(domains, at, () => {}).decide(theService, id, decision, reason)
  if (typeof done !== 'string') return done
  print(
    done === 'decided'
      ? `The incident is ${decision}.`
      : 'The release is proposed: the same content was destroyed before, and an officer must agree.',
  )
  return null
}

async function listIncidents(domains: Domains, options: Options, print: Print): Promise<null> {
  const all = await domains.incidents.list()
  const people = new Map((await domains.accounts.list()).map((one) => [one.id, one.userName]))
  const rows = all.map((one) => [
    one.id,
    one.kind,
    one.clause,
    people.get(one.account) ?? one.account,
    new Date(one.openedMs).toISOString(),
    one.decision ?? 'open',
    one.about,
  ])
  print(
    options.flags.has('json')
      ? JSON.stringify(all, null, 2)
      : table(['incident', 'kind', 'clause', 'account', 'opened', 'stands', 'about'], rows),
  )
  return null
}
