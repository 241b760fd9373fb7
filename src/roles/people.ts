// The operator's commands on what others see of a person: whether they are in the directory, and that they are away. Each act is recorded. G11
import type { Refused } from '#base/faults.ts'
import { type Options, UsageError, needed, neededText } from '#cli/command.ts'
import { noticeOfDays } from '#community/away.ts'
import { theService } from '#keys/epoch.ts'
import type { Domains } from '#roles/domains.ts'
import { accountOf } from '#roles/named.ts'

type Print = (text: string) => void

export async function setListing(domains: Domains, options: Options, print: Print): Promise<null> {
  const [userName = '', wanted = ''] = options.words
  if (wanted !== 'listed' && wanted !== 'ex-directory') throw new UsageError(`${wanted} is not one of listed, ex-directory.`)
  const reason = needed(options, 'reason')
  const { id, name } = await accountOf(domains, userName)
  const isListed = wanted === 'listed'
  const changed = await domains.database.transaction((tx) => domains.accounts.setListed(tx, theService, id, isListed, reason))
  print(`${name} ${changed ? 'is' : 'was'} ${wanted} ${changed ? 'now' : 'already'}.`)
  return null
}

export async function setAway(domains: Domains, options: Options, print: Print): Promise<Refused | null> {
  const { id, name } = await accountOf(domains, options.words[0] ?? '')
  const isOff = options.flags.has('off')
  const [from, until] = isOff ? ['', ''] : [needed(options, 'from'), needed(options, 'until')]
  const notice = isOff ? null : noticeOfDays(from, until, neededText(options, 'text'))
  if (notice === null && !isOff) throw new UsageError('--from and --until are days like 2026-12-21.')
  const refusal = await domains.database.transaction((tx) => domains.away.setNotice(tx, theService, id, notice))
  if (refusal === null) print(isOff ? `${name} is not away.` : `${name} is away from ${from} to ${until}.`)
  return refusal
}
