// Organisations and accounts as the operator names them.
import { UsageError } from '#cli/command.ts'
import type { Organisation } from '#community/organisations.ts'
import type { Domains } from '#roles/domains.ts'

/** The organisation of that name; throws UsageError. */
export async function named({ organisations }: Domains, name: string): Promise<Organisation> {
  const found = (await organisations.list()).find((one) => one.name === name)
  if (found === undefined) throw new UsageError(`There is no organisation called ${name}.`)
  return found
}

/** The account of that user name; throws UsageError. */
export async function accountOf({ accounts }: Domains, userName: string): Promise<{ id: string; name: string }> {
  const [found] = await accounts.list({ userName })
  if (found === undefined) throw new UsageError(`There is no account with the user name ${userName}.`)
  return found
}
