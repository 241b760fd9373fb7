// The operator's commands on organisations, accounts and devices, over the running service's domains. Each act is recorded.
import { systemClock } from '#base/clock.ts'
import { type Refused, unreachable } from '#base/faults.ts'
import { newLog } from '#base/log.ts'
import { type Options, UsageError, needed } from '#cli/command.ts'
import { newPersonPassword } from '#cli/demonstration.ts'
import { table } from '#cli/table.ts'
import type { Config } from '#config.ts'
import { newClockGuard } from '#host/clock-guard.ts'
import type { HolderState } from '#identity/accounts.ts'
import { openComputers } from '#identity/computers.ts'
import { theService } from '#keys/epoch.ts'
import type { Domains } from '#roles/domains.ts'
import { onHolds } from '#roles/holds.ts'
import { accountOf, named } from '#roles/named.ts'
import { addOrganisation, listOrganisations, mapAddress, setOrganisation } from '#roles/organisations.ts'
import { onIncidents, onPermits, setSignature, setStatement, setUnscannable } from '#roles/rules.ts'
import { setAway, setListing } from '#roles/people.ts'
import { openServiceDomains } from '#roles/open.ts'

type Act =
  | 'organisations'
  | 'add-organisation'
  | 'set-organisation'
  | 'map-address'
  | 'accounts'
  | 'add-account'
  | 'set-account'
  | 'set-listing'
  | 'away'
  | 'computers'
  | 'add-device'
  | 'enrol-browser'
  | 'revoke-device'
  | 'set-signature'
  | 'set-statement'
  | 'permit'
  | 'incident'
  | 'officer'
  | 'hold'
  | 'set-unscannable'
  | 'confirm-clock'
type Print = (text: string) => void

const states: readonly HolderState[] = ['active', 'sending-suspended', 'suspended', 'removed']

/** Runs one command; returns 0, or 1 when it was refused. */
export async function administer(act: Act, config: Config, options: Options, print: Print): Promise<number> {
  const { domains, close } = openServiceDomains(config, systemClock, newLog('silent', {}), 1)
  try {
    const refusal = await run(act, domains, config, options, print)
    if (refusal === null) return 0
    print(`Refused [${refusal.clause}]: ${refusal.about}. ${refusal.remedy}`)
    return 1
  } finally {
    await close()
  }
}

function run(act: Act, domains: Domains, config: Config, options: Options, print: Print): Promise<Refused | null> {
  switch (act) {
    case 'organisations':
      return listOrganisations(domains, options, print)
    case 'add-organisation':
      return addOrganisation(domains, options, print)
    case 'set-organisation':
      return setOrganisation(domains, options, print)
    case 'map-address':
      return mapAddress(domains, options, print)
    case 'accounts':
      return listAccounts(domains, options, print)
    case 'add-account':
      return addAccount(domains, config, options, print)
    case 'set-account':
      return setAccount(domains, options, print)
    case 'set-listing':
      return setListing(domains, options, print)
    case 'away':
      return setAway(domains, options, print)
    case 'computers':
      return listComputers(domains, options, print)
    case 'add-device':
      return addDevice(domains, options, print)
    case 'enrol-browser':
      return enrolBrowser(domains, options, print)
    case 'revoke-device':
      return revokeDevice(domains, options, print)
    case 'set-signature':
      return setSignature(domains, options, print)
    case 'set-statement':
      return setStatement(domains, options, print)
    case 'permit':
      return onPermits(domains, options, print)
    case 'incident':
      return onIncidents(domains, { hostName: config.hostName, rulesUrl: `${config.publicUrl}/rules` }, options, print)
    case 'officer':
      return setOfficer(domains, options, print)
    case 'hold':
      return onHolds(domains, config, options, print)
    case 'set-unscannable':
      return setUnscannable(domains, options, print)
    case 'confirm-clock':
      return confirmClock(domains, print)
    default:
      return unreachable(act)
  }
}

async function listAccounts(domains: Domains, options: Options, print: Print): Promise<null> {
  const organisation = options.values.get('organisation')
  const filter = organisation === undefined ? {} : { organisation: (await named(domains, organisation)).id }
  const all = await domains.accounts.list(filter)
  const rows = all.map((one) => [
    one.userName,
    one.name,
    one.role,
    one.addresses.join(', '),
    `${one.state}${one.isListed ? '' : ', ex-directory'}`,
  ])
  print(
    options.flags.has('json') ? JSON.stringify(all, null, 2) : table(['user name', 'name', 'role', 'addresses', 'state'], rows),
  )
  return null
}

async function addAccount(domains: Domains, config: Config, options: Options, print: Print): Promise<Refused | null> {
  const organisation = await named(domains, needed(options, 'organisation'))
  const person = {
    name: needed(options, 'name'),
    role: needed(options, 'role'),
    address: needed(options, 'address'),
    userName: needed(options, 'user-name'),
  }
  const password = newPersonPassword()
  const opened = await domains.members.openAccount(
    theService,
    { ...person, organisation: organisation.id, password, quotaOctets: quotaOf(options) ?? config.quotaOctets },
    'First computer',
  )
  if (opened.kind === 'refused') return opened
  const { devicePassword } = opened
  print(
    options.flags.has('json')
      ? JSON.stringify({ ...person, organisation: organisation.name, password, devicePassword }, null, 2)
      : `${person.name} has an account. Shown once:\n  password         ${password}\n  device password  ${devicePassword}`,
  )
  return null
}

function quotaOf(options: Options): number | null {
  const given = options.values.get('quota')
  if (given === undefined) return null
  if (/^[1-9]\d{0,15}$/.test(given) && Number.isSafeInteger(Number(given))) return Number(given)
  throw new UsageError('--quota is a whole number of octets.')
}

async function setAccount(domains: Domains, options: Options, print: Print): Promise<null> {
  const [userName = '', wanted = ''] = options.words
  const state = states.find((one) => one === wanted)
  if (state === undefined) throw new UsageError(`${wanted} is not a state: ${states.join(', ')}.`)
  const reason = { clause: 'G02', reason: needed(options, 'reason') }
  const { id, name } = await accountOf(domains, userName)
  const was = await domains.database.transaction((tx) => domains.accounts.setState(tx, theService, id, state, reason))
  print(`${name} was ${was} and is ${state} now.`)
  const [now] = await domains.accounts.list({ id })
  if (now !== undefined && now.state !== state) print(`Their organisation is ${now.state}, and they with it.`)
  return null
}

async function setOfficer(domains: Domains, options: Options, print: Print): Promise<null> {
  const [act = '', userName = ''] = options.words
  if (act !== 'appoint' && act !== 'dismiss') throw new UsageError(`${act} is not one of appoint, dismiss.`)
  const reason = needed(options, 'reason')
  const { id, name } = await accountOf(domains, userName)
  const changed = await domains.database.transaction((tx) =>
    domains.accounts.setOfficer(tx, theService, id, act === 'appoint', reason),
  )
  const is = act === 'appoint' ? 'an officer of the Helpdesk' : 'no officer of the Helpdesk'
  print(`${name} ${changed ? `is ${is} now` : `was ${is} already`}.`)
  return null
}

async function listComputers(domains: Domains, options: Options, print: Print): Promise<null> {
  const { id } = await accountOf(domains, options.words[0] ?? '')
  const all = await domains.accounts.computers(id)
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
  const rows = all.map((one) => [
    one.id,
    one.name,
    one.kind === 'browser' ? 'browser' : 'mail program',
    day(one.createdMs),
    one.revokedMs === null ? '' : day(one.revokedMs),
  ])
  print(options.flags.has('json') ? JSON.stringify(all, null, 2) : table(['computer', 'name', 'kind', 'since', 'revoked'], rows))
  return null
}

async function addDevice(domains: Domains, options: Options, print: Print): Promise<null> {
  const { id, name } = await accountOf(domains, options.words[0] ?? '')
  const device = needed(options, 'name')
  const { computer, password } = await domains.database.transaction((tx) =>
    domains.accounts.issueDevice(tx, theService, id, device),
  )
  print(`${device} of ${name} is computer ${computer}. Shown once:\n  device password  ${password}`)
  return null
}

async function enrolBrowser(domains: Domains, options: Options, print: Print): Promise<null> {
  const { id, name } = await accountOf(domains, options.words[0] ?? '')
  const computers = openComputers({ ...domains, admitsDemonstration: false })
  const code = await domains.database.transaction((tx) => computers.issueCode(tx, theService, id))
  print(`A new browser of ${name}, within 24 hours, once. Shown once:\n  code  ${code}`)
  return null
}

async function revokeDevice(domains: Domains, options: Options, print: Print): Promise<null> {
  const [computer = ''] = options.words
  if (!/^[0-9a-f-]{36}$/.test(computer)) throw new UsageError('A computer is named by its id.')
  const revoked = await domains.database.transaction((tx) => domains.accounts.revokeDevice(tx, theService, computer))
  if (!revoked) throw new UsageError('There is no such computer, or its device password was revoked before.')
  print('The device password counts no more.')
  return null
}

async function confirmClock({ database, evidence }: Domains, print: Print): Promise<null> {
  const { wallMs } = await database.transaction(async (tx) => {
    const { wallMs, databaseAheadMs } = await newClockGuard(database).confirm(tx)
    const details = [{ wallMs, databaseAheadMs }]
    await evidence.write(tx, { event: 'ClockConfirmed', actor: theService, about: theService, details })
    return { wallMs }
  })
  print(`The clock says ${new Date(wallMs).toISOString()}, and is taken for right.`)
  return null
}
