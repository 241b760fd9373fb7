// From 250 to the notice: how long after a message was answered 250 a mail program that IDLEs in the recipient's INBOX hears of it.
import { inWords, printFigures, type Spread, spreadOf } from './support/figures.ts'
import { type ImapServer, openImap } from './support/imap-client.ts'
import { newMessages } from './support/messages.ts'
import { isMain, readOptions } from './support/options.ts'
import { machine, serviceOptionTable, withService } from './support/service.ts'
import { openSmtp, type SmtpServer } from './support/smtp-client.ts'
import type { Tls } from './support/wire.ts'

export interface IdleNotice {
  readonly smtp: SmtpServer
  readonly imap: ImapServer
  readonly from: string
  readonly to: string
  readonly messages: number
  readonly octets: number
}

/** The spread of the times from reading 250 to reading EXISTS, in milliseconds; a notice that comes first counts as 0. */
export async function measureIdleNotice(o: IdleNotice): Promise<{ noticeMs: Spread; dataTo250Ms: Spread }> {
  const reader = await openImap(o.imap)
  await reader.ask('SELECT INBOX')
  const writer = await openSmtp(o.smtp)
  const nextMessage = newMessages({ octets: o.octets, attachment: false, seed: 7 })
  const noticeMs: number[] = []
  const dataMs: number[] = []
  await reader.idle()
  for (let at = 0; at < o.messages; at++) {
    let heardMs = 0
    const heard = noticeOf(reader).then(() => {
      heardMs = performance.now()
    })
    const sent = await writer.send(o.from, [o.to], nextMessage(o.from, o.to), true)
    const answeredMs = performance.now()
    if (sent.code !== 250) throw new Error(`the server answered: ${sent.text}`)
    await heard
    noticeMs.push(Math.max(0, heardMs - answeredMs))
    dataMs.push(sent.dataMs)
  }
  await reader.done()
  await reader.logOut()
  await writer.quit()
  return { noticeMs: spreadOf(noticeMs), dataTo250Ms: spreadOf(dataMs) }
}

async function noticeOf(reader: { notice(): Promise<string> }): Promise<void> {
  while (!/^\* \d+ EXISTS/.test(await reader.notice()));
}

if (isMain(import.meta.url)) {
  const o = readOptions(
    'Measures the time from 250 to the notice in IDLE; starts the service in a scratch folder unless ports are given.',
    {
      ...serviceOptionTable,
      messages: { default: 500, says: 'messages, one after another' },
      octets: { default: 4096, says: 'octets of a message' },
      host: { default: '127.0.0.1', says: 'another server' },
      'smtp-port': { default: 0, says: 'its submission port' },
      'smtp-tls': { default: 'implicit', says: 'implicit, starttls or none' },
      'imap-port': { default: 0, says: 'its IMAP port' },
      'imap-tls': { default: 'implicit', says: 'implicit, starttls or none' },
      user: { default: '', says: 'the sender’s user name' },
      password: { default: '', says: 'and password' },
      from: { default: '', says: 'MAIL FROM and From' },
      to: { default: '', says: 'the recipient' },
      'reader-user': { default: '', says: 'the recipient’s user name' },
      'reader-password': { default: '', says: 'and password' },
      json: { default: false, says: 'print JSON' },
    },
  )
  const print = async (what: IdleNotice) => {
    const figures = await measureIdleNotice(what)
    const words = `250 to notice: ${inWords(figures.noticeMs)}\nDATA to 250, one connection: ${inWords(figures.dataTo250Ms)}`
    printFigures(o.json, { machine: machine(), ...figures }, words)
  }
  const common = { messages: o.messages, octets: o.octets }
  if (o['smtp-port'] === 0) {
    await withService({ portOffset: o['port-offset'], scanner: o.scanner, workers: o.workers }, async (service) => {
      const reader = service.others[0]!
      const warm = { smtp: service.smtp, imap: service.imapOf(reader), from: service.sender.address, to: reader.address }
      await measureIdleNotice({ ...warm, ...common, messages: 200 })
      await print({ ...warm, ...common })
    })
  } else {
    await print({
      ...common,
      smtp: { host: o.host, port: o['smtp-port'], tls: o['smtp-tls'] as Tls, user: o.user, password: o.password },
      imap: {
        host: o.host,
        port: o['imap-port'],
        tls: o['imap-tls'] as Tls,
        user: o['reader-user'],
        password: o['reader-password'],
      },
      from: o.from,
      to: o.to,
    })
  }
}
