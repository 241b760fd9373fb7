// What `up` prints once the service runs: where it listens, who there is, and three things to try, ready to paste.
import type { DemoPerson } from '#cli/demonstration.ts'
import { table } from '#cli/table.ts'
import type { Config } from '#config.ts'

export function welcome(o: { config: Config; people: readonly DemoPerson[] | null; warning: string | null }): string {
  const { host, ports } = o.config
  const lines = [
    '',
    'The service runs.',
    `  submission  ${host}:${ports.submissions} (TLS), ${host}:${ports.submission} (STARTTLS)`,
    `  IMAP        ${host}:${ports.imaps} (TLS)`,
    `  operations  http://127.0.0.1:${ports.operations}/readyz, /healthz, /metrics`,
    `  log         ${o.config.logFile}`,
  ]
  if (o.warning !== null) lines.push('', `  WARNING: ${o.warning}`)
  if (o.people !== null) lines.push('', ...demonstration(o.config, o.people))
  lines.push('', '  ./cjsm status shows how it is, ./cjsm down stops it.', '')
  return lines.join('\n')
}

/** The people and their passwords as a table. */
export function peopleTable(people: readonly DemoPerson[]): string {
  return table(
    ['who', 'role', 'organisation', 'address', 'user name', 'device password (mail programs)', 'password (webmail)'],
    people.map((one) => [one.name, one.role, one.organisation, one.address, one.userName, one.devicePassword, one.password]),
  )
}

function demonstration({ host, ports }: Config, people: readonly DemoPerson[]): string[] {
  const prosecutor = people.find((one) => one.role === 'prosecutor')!
  const solicitor = people.find((one) => one.role === 'solicitor')!
  return [
    'The demonstration people (./cjsm demo shows them again):',
    '',
    peopleTable(people),
    '',
    'Three things to try (apt-get install swaks mutt isync, if they are not there):',
    '',
    `1. ${prosecutor.name} sends ${solicitor.name} a message marked RESTRICTED, with an attachment:`,
    '',
    `   swaks --server ${host}:${ports.submissions} --tls-on-connect --auth PLAIN --auth-user ${prosecutor.userName} --auth-password ${prosecutor.devicePassword} \\`,
    `     --from ${prosecutor.address} --to ${solicitor.address} --header 'Subject: RESTRICTED - LEGAL: disclosure' \\`,
    `     --body 'Please see the schedule attached. ${prosecutor.name}, ${prosecutor.address}' --attach-type application/pdf --attach-name schedule.pdf --attach @README.md`,
    '',
    `2. ${solicitor.name} reads it:`,
    '',
    `   mutt -e 'set ssl_starttls=no ssl_verify_host=no ssl_verify_dates=no' -e 'set imap_user=${solicitor.userName} imap_pass=${solicitor.devicePassword}' -f imaps://${host}:${ports.imaps}/INBOX`,
    '',
    `3. ${solicitor.name}, who is no adopter of the marking scheme, may not mark a message RESTRICTED: see how it is refused, and why:`,
    '',
    `   swaks --server ${host}:${ports.submissions} --tls-on-connect --auth PLAIN --auth-user ${solicitor.userName} --auth-password ${solicitor.devicePassword} \\`,
    `     --from ${solicitor.address} --to ${prosecutor.address} --header 'Subject: RESTRICTED - LEGAL: disclosure' --body 'Received. ${solicitor.name}, ${solicitor.address}'`,
  ]
}
