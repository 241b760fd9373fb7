// What `up` prints once the service runs: where it listens, who there is, and three things to try, ready to paste. Kept within 120 columns.
import { join } from 'node:path'
import type { DemoPerson } from '#cli/demonstration.ts'
import { quoted } from '#cli/shell.ts'
import { type Config, reachedAt } from '#config.ts'

/** The text that greets the operator, with the demonstration people where there are any. `named` is what the commands that it shows need behind them (namedInShell). */
export function welcome(o: {
  config: Config
  people: readonly DemoPerson[] | null
  warning: string | null
  named: string
}): string {
  const { host, ports, logFile } = o.config
  const lines = [
    '',
    'The service runs.',
    '',
    `  webmail     ${webmailOf(o.config)}`,
    `  submission  ${host}:${ports.submissions} (TLS) and ${host}:${ports.submission} (STARTTLS)`,
    `  IMAP        ${host}:${ports.imaps} (TLS)`,
    `  operations  http://127.0.0.1:${ports.operations}/readyz, /healthz, /metrics`,
    `  log         ${logFile === '-' ? 'standard output' : logFile}`,
  ]
  if (o.warning !== null) lines.push('', ...wrapped(`WARNING: ${o.warning}`))
  if (o.people !== null) {
    lines.push('', 'The demonstration people:', '', peopleTable(o.people))
    lines.push('', ...thingsToTry(o.config, o.people))
  }
  const again = o.people === null ? [] : [`  these people again  ./cjsm demo${o.named}`]
  lines.push('', `  how it is           ./cjsm status${o.named}`, `  to stop it          ./cjsm down${o.named}`, ...again, '')
  return lines.join('\n')
}

/** Where a browser is to be pointed. */
function webmailOf(config: Config): string {
  const { https } = config.ports
  return `https://${reachedAt(config)}${https === 443 ? '' : `:${https}`}/`
}

/** Text in lines that stand within 120 columns. */
const wrapped = (text: string) => (text.match(/.{1,110}(?:\s|$)/g) ?? [text]).map((line) => `  ${line.trimEnd()}`)

/** The people by organisation: who they are, their address, and what their mail program signs in with. */
export function peopleTable(people: readonly DemoPerson[]): string {
  const whoOf = (one: DemoPerson) => `${one.name}, ${one.role}`
  const who = Math.max(...people.map((one) => whoOf(one).length))
  const address = Math.max(...people.map((one) => one.address.length))
  const userName = Math.max(...people.map((one) => one.userName.length))
  const organisations = Map.groupBy(people, (one) => one.organisation)
  const groups = [...organisations].map(([organisation, members]) => [
    `  ${organisation}${members[0]!.adopter ? ' (adopted the marking scheme)' : ''}`,
    ...members.map((one) => `    ${whoOf(one).padEnd(who)}  ${one.address.padEnd(address)}  ${one.devicePassword}`),
  ])
  return [
    ...groups.flat(),
    '',
    '  Last stands the device password, for mail programs; the user name is what stands before the @.',
    '  Passwords for webmail:',
    ...people.map((one) => `    ${one.userName.padEnd(userName)}  ${one.password}`),
  ].join('\n')
}

function thingsToTry(config: Config, people: readonly DemoPerson[]): string[] {
  const prosecutor = people.find((one) => one.role === 'prosecutor')!
  const solicitor = people.find((one) => one.role === 'solicitor')!
  const subject = `--header 'Subject: RESTRICTED - LEGAL: disclosure'`
  return [
    `Open ${webmailOf(config)} in a browser and sign in as ${prosecutor.userName}: write to ${solicitor.address}.`,
    ...(config.tlsCertificate === ''
      ? ['The browser warns of the development certificate, which nobody vouches for: go on to the page.']
      : []),
    '',
    'Three things to try with mail programs (as root: apt-get install swaks mutt, if they are not there):',
    '',
    `1. ${prosecutor.name} sends ${solicitor.name} a message marked RESTRICTED, with an attachment:`,
    '',
    ...swaks(config, prosecutor, solicitor, [
      `${subject} --body 'The schedule is attached. ${prosecutor.name}, 020 7946 0000'`,
      `--attach-type text/plain --attach-name schedule.txt --attach 'Unused material: 1. Notebook. 2. CCTV.'`,
    ]),
    '',
    `2. ${solicitor.name} reads it (Enter opens it, v shows its parts, q leaves):`,
    '',
    ...mutt(config, solicitor),
    '',
    `3. ${solicitor.name}’s firm has not adopted the marking scheme, so that she may not mark a message RESTRICTED herself:`,
    '',
    ...swaks(config, solicitor, prosecutor, [`${subject} --body 'Received. ${solicitor.name}'`]),
  ]
}

/** The file that vouches for the development certificate; null when the operator brought one that others vouch for. */
function certificateOf({ dataFolder, tlsCertificate }: Config): string | null {
  return tlsCertificate === '' ? join(dataFolder, 'tls', 'certificate.pem') : null
}

function swaks(config: Config, from: DemoPerson, to: DemoPerson, message: readonly string[]): string[] {
  const certificate = certificateOf(config)
  return pasted([
    `swaks --server ${reachedAt(config)}:${config.ports.submissions} --tls-on-connect --tls-verify`,
    ...(certificate === null ? [] : [`--tls-ca-path ${quoted(certificate)}`]),
    `--auth PLAIN --auth-user ${from.userName} --auth-password ${from.devicePassword}`,
    `--from ${from.address} --to ${to.address}`,
    ...message,
  ])
}

function mutt(config: Config, reader: DemoPerson): string[] {
  const certificate = certificateOf(config)
  const server = `imaps://${reachedAt(config)}:${config.ports.imaps}/`
  return pasted([
    'mutt -n -F /dev/null',
    ...(certificate === null ? [] : [`-e ${quoted(`set ssl_ca_certificates_file="${certificate}"`)}`]),
    `-e 'set imap_user=${reader.userName} imap_pass=${reader.devicePassword}'`,
    `-e 'ignore *' -e 'unignore date from to subject x-protective-marking'`,
    `-e 'set folder=${server}' -f ${server}INBOX`,
  ])
}

/** One command over several lines, for a POSIX shell. */
function pasted(lines: readonly string[]): string[] {
  return lines.map((line, index) => `${index === 0 ? '   ' : '     '}${line}${index === lines.length - 1 ? '' : ' \\'}`)
}
