// Webmail: server time of a list, a message and a sending at a large mailbox, from request to answer over a kept HTTPS connection; and how much a browser is sent for the first and for later pages.
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { openFill } from './support/fill.ts'
import { inWords, printFigures, type Spread, spreadOf, tableOf } from './support/figures.ts'
import { newMessages } from './support/messages.ts'
import { isMain, readOptions } from './support/options.ts'
import { machine, type Person, serviceOptionTable, withService } from './support/service.ts'
import { openSmtp, type SmtpServer } from './support/smtp-client.ts'

/** Sending is measured with a text of this size. */
const textOctets = 4096
const realMessages = 60
/** A session has so many requests at once; what is measured here must not wait for more. */
const roundsPerSession = 40

interface Answer {
  readonly status: number
  readonly location: string
  readonly body: Buffer
  /** From the request's first octet to the answer's last. */
  readonly ms: number
  /** Header and body as they came: compressed where they were. */
  readonly octets: number
}

/** A browser as far as it matters here: a jar, one connection, and the token of the last page. */
export class Visitor {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
  readonly #jar = new Map<string, string>()
  readonly #port: number
  #csrf = ''

  constructor(port: number) {
    this.#port = port
  }

  get(path: string): Promise<Answer> {
    return this.#ask('GET', path, null)
  }

  post(path: string, fields: Record<string, string>): Promise<Answer> {
    return this.#ask('POST', path, new URLSearchParams({ csrf: this.#csrf, ...fields }).toString())
  }

  /** Signs in, and gives the path of the inbox. */
  async signIn(person: Person): Promise<string> {
    await this.get('/sign-in')
    const answer = await this.post('/sign-in', { 'user-name': person.userName, password: person.password })
    if (answer.status !== 303) throw new Error(`the sign-in was answered ${answer.status}`)
    return (await this.get('/')).location
  }

  close(): void {
    this.#agent.destroy()
  }

  #ask(method: string, path: string, form: string | null): Promise<Answer> {
    const startedMs = performance.now()
    const headers = {
      'accept-encoding': 'gzip, br',
      cookie: [...this.#jar].map(([name, value]) => `${name}=${value}`).join('; '),
      'sec-fetch-site': 'same-origin',
      ...(form === null
        ? {}
        : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(form) }),
    }
    return new Promise((resolve, reject) => {
      const asked = request(
        { host: 'localhost', port: this.#port, method, path, headers, agent: this.#agent },
        (answer: IncomingMessage) => {
          const chunks: Buffer[] = []
          answer.on('data', (chunk: Buffer) => chunks.push(chunk))
          answer.once('error', reject)
          answer.once('end', () => {
            const ms = performance.now() - startedMs
            const came = Buffer.concat(chunks)
            for (const field of answer.headers['set-cookie'] ?? []) this.#keep(field)
            const octets = answer.rawHeaders.reduce((sum, one) => sum + one.length + 2, 20) + came.length
            const body = decode[answer.headers['content-encoding'] ?? '']?.(came) ?? came
            this.#csrf = fieldOf(body.toString(), 'csrf') || this.#csrf
            resolve({ status: answer.statusCode ?? 0, location: answer.headers.location ?? '', body, ms, octets })
          })
        },
      )
      asked.once('error', reject)
      asked.end(form ?? undefined)
    })
  }

  #keep(field: string): void {
    const [pair = ''] = field.split(';')
    const at = pair.indexOf('=')
    if (/max-age=0/i.test(field)) this.#jar.delete(pair.slice(0, at))
    else this.#jar.set(pair.slice(0, at), pair.slice(at + 1))
  }
}

const decode: Readonly<Record<string, (octets: Buffer) => Buffer>> = { br: brotliDecompressSync, gzip: gunzipSync }
const fieldOf = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''

export interface WebFigures {
  readonly messages: number
  readonly listMs: Spread
  readonly messageMs: Spread
  readonly sendMs: Spread
  readonly firstLoadOctets: number
  readonly laterOctets: Readonly<Record<string, number>>
}

/** Lists, reads and sends so many times; `size` is what the mailbox holds. */
export async function measureWeb(o: {
  readonly port: number
  readonly person: Person
  readonly to: string
  readonly size: number
  readonly times: number
}): Promise<WebFigures> {
  let visitor = new Visitor(o.port)
  const inbox = await visitor.signIn(o.person)
  const list = await visitor.get(inbox)
  const uids = [...list.body.toString().matchAll(/name="uid" value="(\d+)"/g)].map(([, uid]) => Number(uid))
  const newest = uids[0] ?? 1
  const [listMs, messageMs, sendMs]: number[][] = [[], [], []]
  for (let at = 0; at < o.times; at++) {
    if (at % roundsPerSession === roundsPerSession - 1) {
      visitor.close()
      visitor = new Visitor(o.port)
      await visitor.signIn(o.person)
    }
    // Pages and messages all over the mailbox; the page that everybody sees first, every other time.
    const place = 1 + ((at * 7919) % newest)
    listMs!.push(okay(await visitor.get(at % 2 === 0 ? inbox : `${inbox}?before=${place + 1}`)).ms)
    messageMs!.push(okay(await visitor.get(`${inbox}/${place}`)).ms)
    sendMs!.push(await sendOne(visitor, o.to, at))
  }
  const laterOctets = {
    list: list.octets,
    message: (await visitor.get(`${inbox}/${newest}`)).octets,
    write: (await visitor.get('/write')).octets,
    drafts: (await visitor.get('/drafts')).octets,
    folders: (await visitor.get('/folders')).octets,
  }
  visitor.close()
  const figures = { listMs: spreadOf(listMs!), messageMs: spreadOf(messageMs!), sendMs: spreadOf(sendMs!) }
  return { messages: o.size, ...figures, firstLoadOctets: await firstLoad(o.port), laterOctets }
}

function okay(answer: Answer): Answer {
  if (answer.status !== 200) throw new Error(`a page was answered ${answer.status}`)
  return answer
}

/** Writes a draft and checks it, and measures the sending of it. */
async function sendOne(visitor: Visitor, to: string, at: number): Promise<number> {
  const form = await visitor.get('/write')
  const text = 'A line of a message that is as long as lines are.\n'.repeat(Math.ceil(textOctets / 50))
  const fields = { begun: fieldOf(form.body.toString(), 'begun'), version: '0', to, subject: `A bench ${at}`, text, do: 'check' }
  const saved = await visitor.post('/write', fields)
  const check = okay(await visitor.get(saved.location))
  const sent = await visitor.post(saved.location.replace('/check', '/send'), {
    version: fieldOf(check.body.toString(), 'version'),
    shown: fieldOf(check.body.toString(), 'shown'),
  })
  if (!sent.location.endsWith('/sent')) throw new Error(`the sending was answered ${sent.status}`)
  return sent.ms
}

/** The octets of the sign-in page and all that it loads, as a browser with an empty cache is sent them. */
async function firstLoad(port: number): Promise<number> {
  const visitor = new Visitor(port)
  const page = await visitor.get('/sign-in')
  let sum = page.octets
  const seen = new Set<string>()
  const follow = async (path: string): Promise<void> => {
    if (seen.has(path)) return
    seen.add(path)
    const answer = okay(await visitor.get(path))
    sum += answer.octets
    if (path.endsWith('/components.js')) await follow(path.replace('components.js', 'govuk-frontend.js'))
  }
  for (const [, path] of page.body.toString().matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)) await follow(path!)
  visitor.close()
  return sum
}

async function fillWith(o: { dataFolder: string; smtp: SmtpServer; from: string; to: string }, messages: number): Promise<void> {
  const writer = await openSmtp(o.smtp)
  const next = newMessages({ octets: textOctets, attachment: false, seed: 11 })
  for (let at = 0; at < Math.min(realMessages, messages); at++) {
    const sent = await writer.send(o.from, [o.to], next(o.from, o.to), true)
    if (sent.code !== 250) throw new Error(`the service answered: ${sent.text}`)
  }
  await writer.quit()
  const fill = await openFill(o.dataFolder)
  await fill.messages(o.to, messages)
  await fill.close()
}

const limits = { list: 25, message: 25, send: 60, firstLoad: 150 * 1024, later: 40 * 1024 } as const

function inTable(figures: WebFigures): string {
  const { listMs, messageMs, sendMs, firstLoadOctets, laterOctets } = figures
  const verdict = (is: number, most: number) => (is <= most ? 'holds' : 'does not hold')
  const time = (name: string, spread: Spread, most: number) => [name, inWords(spread), `${most} ms`, verdict(spread.p50, most)]
  const size = (name: string, octets: number, most: number) => [
    name,
    `${(octets / 1024).toFixed(1)} KiB`,
    `${most / 1024} KiB`,
    verdict(octets, most),
  ]
  return tableOf(
    [`${figures.messages} messages`, 'measured', 'p50 or octets at most', ''],
    [
      time('list', listMs, limits.list),
      time('message', messageMs, limits.message),
      time('send', sendMs, limits.send),
      size('first load', firstLoadOctets, limits.firstLoad),
      ...Object.entries(laterOctets).map(([name, octets]) => size(`later: ${name}`, octets, limits.later)),
    ],
  )
}

if (isMain(import.meta.url)) {
  const o = readOptions('Measures webmail at a mailbox of many messages; starts the service in a scratch folder.', {
    ...serviceOptionTable,
    messages: { default: 20_000, says: 'messages in the mailbox' },
    times: { default: 100, says: 'lists, messages and sendings, one after another' },
    json: { default: false, says: 'print JSON' },
  })
  await withService({ portOffset: o['port-offset'], scanner: o.scanner, workers: o.workers }, async (service) => {
    const person = service.others.find((one) => !one.adopter)!
    const { dataFolder, smtp, sender } = service
    await fillWith({ dataFolder, smtp, from: sender.address, to: person.address }, o.messages)
    const what = { port: 443 + o['port-offset'], person, to: sender.address, size: o.messages }
    await measureWeb({ ...what, times: 20 })
    const figures = await measureWeb({ ...what, times: o.times })
    printFigures(o.json, { machine: machine(), ...figures }, inTable(figures))
  })
}
