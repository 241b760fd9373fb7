// The demonstration community: who is in it, and the file that holds their passwords, which exists in a demonstration only.
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { randomOctets } from '#base/ids.ts'
import type { Organisations } from '#community/organisations.ts'
import type { Accounts } from '#identity/accounts.ts'
import { theService } from '#keys/epoch.ts'
import type { Members } from '#mailbox/members.ts'
import type { Database } from '#store/database.ts'

export interface DemoPerson {
  readonly name: string
  readonly organisation: string
  readonly adopter: boolean
  readonly role: string
  readonly address: string
  readonly userName: string
  readonly password: string
  readonly devicePassword: string
}

interface DemoOrganisation {
  readonly name: string
  readonly kind: string
  readonly adopter: boolean
  readonly label: string
  /** True for the Helpdesk, whose people are officers; its mailbox is none. */
  readonly isHelpdesk?: true
  readonly people: readonly (readonly [name: string, role: string, localPart: string])[]
}

/** The Helpdesk's: an account of its own, since there are no group mailboxes yet. */
const sharedMailbox = 'shared mailbox'

const demoOrganisations: readonly DemoOrganisation[] = [
  {
    name: 'Westmarch Police',
    kind: 'police',
    adopter: true,
    label: 'westmarch-police',
    people: [
      ['Orla Fenwick', 'detective sergeant', 'orla.fenwick'],
      ['Idris Vaughan', 'disclosure officer', 'idris.vaughan'],
    ],
  },
  {
    name: 'Westmarch Prosecution Service',
    kind: 'prosecution',
    adopter: true,
    label: 'westmarch-prosecution',
    people: [
      ['Priya Raman', 'prosecutor', 'priya.raman'],
      ['Tobias Lund', 'paralegal', 'tobias.lund'],
    ],
  },
  {
    name: 'Hollis and Penn Solicitors',
    kind: 'solicitors',
    adopter: false,
    label: 'hollis-penn',
    people: [
      ['Miriam Hollis', 'solicitor', 'miriam.hollis'],
      ['Daniel Penn', 'solicitor', 'daniel.penn'],
    ],
  },
  {
    name: 'Tern Court Chambers',
    kind: 'chambers',
    adopter: false,
    label: 'terncourt',
    people: [
      ['Constance Adeyemi', 'barrister', 'constance.adeyemi'],
      ['Gareth Pike', 'clerk', 'gareth.pike'],
    ],
  },
  {
    name: 'Ada Marlowe Advocacy',
    kind: 'sole-practitioner',
    adopter: false,
    label: 'marlowe',
    people: [['Ada Marlowe', 'sole practitioner', 'ada.marlowe']],
  },
  {
    name: 'Helpdesk',
    kind: 'helpdesk',
    adopter: true,
    label: 'helpdesk',
    isHelpdesk: true,
    people: [
      ['Rowan Ellery', 'Helpdesk officer', 'rowan.ellery'],
      ['Sunita Marsh', 'Helpdesk team leader', 'sunita.marsh'],
      ['Helpdesk', sharedMailbox, 'helpdesk'],
    ],
  },
]
/** A force with a mail server of its own, so that both kinds of address are there. */
const demoServer = { name: 'Eastmere Constabulary', kind: 'police', adopter: true, homeDomain: 'eastmere.example' }

/** Loads the community and writes the file (mode 0600). Called once, on an empty database. */
export async function loadDemonstration(o: {
  database: Database
  organisations: Organisations
  members: Members
  accounts: Accounts
  communitySuffix: string
  quotaOctets: number
  file: string
}): Promise<DemoPerson[]> {
  const people: DemoPerson[] = []
  for (const organisation of demoOrganisations) {
    const domain = `${organisation.label}.${o.communitySuffix}`
    const id = await addOrganisation(o, { ...organisation, parent: null }, (tx, made) =>
      o.organisations.addMailboxDomain(tx, theService, made, domain),
    )
    for (const [name, role, localPart] of organisation.people) {
      const password = newPersonPassword()
      const person = { name, role, address: `${localPart}@${domain}`, userName: localPart, password }
      const opened = await o.members.openAccount(
        theService,
        { ...person, organisation: id, quotaOctets: o.quotaOctets, isDemonstration: true },
        'First computer',
      )
      if (opened.kind === 'refused') throw new Error(`the demonstration cannot be loaded: ${opened.about}`)
      if (organisation.isHelpdesk === true && role !== sharedMailbox)
        await o.database.transaction((tx) => o.accounts.setOfficer(tx, theService, opened.id, true, 'the demonstration'))
      people.push({
        ...person,
        organisation: organisation.name,
        adopter: organisation.adopter,
        devicePassword: opened.devicePassword,
      })
    }
  }
  await addOrganisation(o, { ...demoServer, parent: null }, (tx, made) =>
    o.organisations.addServerDomain(tx, theService, made, demoServer.homeDomain),
  )
  writeFileSync(`${o.file}.new`, `${JSON.stringify(people, null, 2)}\n`, { mode: 0o600 })
  chmodSync(`${o.file}.new`, 0o600)
  renameSync(`${o.file}.new`, o.file)
  return people
}

type AddDomain = (tx: Parameters<Parameters<Database['transaction']>[0]>[0], organisation: string) => Promise<unknown>

async function addOrganisation(
  o: { database: Database; organisations: Organisations },
  organisation: Parameters<Organisations['create']>[2],
  addDomain: AddDomain,
): Promise<string> {
  return o.database.transaction(async (tx) => {
    const made = await o.organisations.create(tx, theService, organisation)
    if (made.kind === 'refused') throw new Error(`the demonstration cannot be loaded: ${made.about}`)
    await addDomain(tx, made.id)
    return made.id
  })
}

/** A password that keeps T06: upper, lower, digits, 20 characters. */
export function newPersonPassword(): string {
  return `Cj-${randomOctets(12).toString('base64url').replaceAll(/[_-]/g, 'x')}-7`
}

/** The people of the demonstration, or null when there is none. */
export function readDemonstration(file: string): DemoPerson[] | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as DemoPerson[]
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw fault
  }
}
