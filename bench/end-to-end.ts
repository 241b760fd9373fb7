// Accepted and delivered a second: sends, then counts what is in the recipients' mailboxes. What was answered 250 and what is there must agree.
import { runSmtpLoad, type SmtpFigures, type SmtpLoad, smtpLoadDefaults, smtpWords } from './smtp-load.ts'
import { watchArrivals } from './support/delivered.ts'
import { printFigures, round } from './support/figures.ts'
import type { ImapServer } from './support/imap-client.ts'
import { isMain, listOf, readOptions } from './support/options.ts'
import { machine, serviceOptionTable, withService } from './support/service.ts'

export interface EndToEndFigures extends SmtpFigures {
  readonly delivered: number
  readonly deliveredPerSecond: number
  /** Whether exactly what was answered 250 is there. */
  readonly agrees: boolean
}

/**
 * Runs the load and waits for the last message to arrive; delivered a second counts up to then. `mailboxes` are those of all recipients;
 * or of some, where every message goes to all of them: the others then count as these do.
 */
export async function runEndToEnd(load: SmtpLoad, mailboxes: readonly ImapServer[]): Promise<EndToEndFigures> {
  const arrivals = await watchArrivals(mailboxes)
  const share = mailboxes.length / load.to.length
  if (share < 1 && load.recipientsEach !== load.to.length)
    throw new Error('some mailboxes can stand for all only when all get all')
  if (load.warmUp > 0) {
    const { count } = await arrivals.until(0)
    const warmed = await runSmtpLoad({ ...load, messages: load.warmUp, warmUp: 0 })
    await arrivals.until(count + warmed.recipients * share)
  }
  const { count: before } = await arrivals.until(0)
  let startMs = 0
  const figures = await runSmtpLoad({ ...load, warmUp: 0 }, () => {
    startMs = performance.now()
  })
  const { count, lastMs } = await arrivals.until(before + figures.recipients * share)
  await arrivals.close()
  const delivered = (count - before) / share
  return {
    ...figures,
    delivered,
    deliveredPerSecond: round((delivered * 1000) / (lastMs - startMs)),
    agrees: delivered === figures.recipients,
  }
}

/** The figures in words. */
export function endToEndWords(figures: EndToEndFigures): string {
  const agreement = figures.agrees
    ? 'what was accepted and what is in the mailboxes agree'
    : `NOT what was accepted: ${figures.recipients} recipients were taken`
  return `${smtpWords(figures)}\ndelivered ${figures.delivered}: ${figures.deliveredPerSecond} a second; ${agreement}`
}

if (isMain(import.meta.url)) {
  const o = readOptions('Starts the service in a scratch folder and measures what it accepts and delivers.', {
    ...serviceOptionTable,
    recipients: { default: 1, says: 'recipients a message' },
    connections: { default: smtpLoadDefaults.connections, says: 'connections at once' },
    messages: { default: smtpLoadDefaults.messages, says: 'messages in all' },
    'warm-up': { default: 500, says: 'messages before the clock starts' },
    octets: { default: smtpLoadDefaults.octets, says: 'octets of a message' },
    attachment: { default: false, says: 'a base64 attachment instead of text' },
    'no-pipelining': { default: false, says: 'one command at a time' },
    'per-connection': { default: 0, says: 'messages a connection; 0 for no end' },
    runs: { default: 1, says: 'how often' },
    json: { default: false, says: 'print JSON' },
    to: { default: '', says: 'recipients, of the demonstration; all when empty' },
  })
  await withService({ portOffset: o['port-offset'], scanner: o.scanner, workers: o.workers }, async (service) => {
    const wanted = listOf(o.to)
    const people = service.others.filter((person) => wanted.length === 0 || wanted.includes(person.address))
    for (let at = 0; at < o.runs; at++) {
      const figures = await runEndToEnd(
        {
          ...smtpLoadDefaults,
          server: service.smtp,
          from: service.sender.address,
          to: people.map((person) => person.address),
          recipientsEach: o.recipients,
          connections: o.connections,
          messages: o.messages,
          warmUp: at === 0 ? o['warm-up'] : 0,
          octets: o.octets,
          attachment: o.attachment,
          pipelining: !o['no-pipelining'],
          messagesPerConnection: o['per-connection'],
          seed: at + 1,
        },
        people.map(service.imapOf),
      )
      printFigures(o.json, { machine: machine(), ...figures }, endToEndWords(figures))
      if (!figures.agrees) process.exitCode = 1
    }
  })
}
