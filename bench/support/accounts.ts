// More accounts than the demonstration has, opened by the service's own functions beside it: each with its mailboxes and keys, as a person would get them.
import { theService } from '#keys/epoch.ts'
import { systemClock } from '#base/clock.ts'
import { newLog } from '#base/log.ts'
import { readConfig } from '#config.ts'
import { openServiceDomains } from '#roles/open.ts'
import type { Person } from './service.ts'

const organisation = 'Hollis and Penn Solicitors'
const domain = 'hollis-penn.cjsm.test'
const atOnce = 4
const quotaOctets = 64 * 1024 ** 3

/** Opens so many accounts, bench-0 and on, in the demonstration's solicitors' firm. */
export async function openAccounts(dataFolder: string, count: number): Promise<Person[]> {
  const { domains, close } = openServiceDomains(
    readConfig({ CJSM_DATA_FOLDER: dataFolder }),
    systemClock,
    newLog('silent', {}),
    atOnce,
  )
  try {
    const firm = (await domains.organisations.list()).find((one) => one.name === organisation)!
    const people: Person[] = []
    const open = async (at: number) => {
      const userName = `bench-${at}`
      const address = `${userName}@${domain}`
      const account = {
        name: userName,
        role: 'solicitor',
        userName,
        address,
        password: 'Not-used-1',
        organisation: firm.id,
        quotaOctets,
      }
      const opened = await domains.members.openAccount(theService, account, 'Computer')
      if (opened.kind === 'refused') throw new Error(opened.about)
      people[at] = { address, userName, password: account.password, devicePassword: opened.devicePassword, adopter: firm.adopter }
    }
    let next = 0
    const lane = async () => {
      while (next < count) await open(next++)
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
    return people
  } finally {
    await close()
  }
}
