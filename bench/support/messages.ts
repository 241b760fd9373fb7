// Messages to send: each with a text and a Message-ID of its own, in words that compress as English does; made ahead, so that sending them costs little.
import { randomBytes } from 'node:crypto'

const poolOctets = 4 * 1024 * 1024
const vocabulary = 1500
const lineOctets = 70

/** A small generator (mulberry32) of numbers in [0, 1): the same seed gives the same messages. */
export function newRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

function newWords(random: () => number): string[] {
  const onsets = ['b', 'c', 'd', 'f', 'g', 'h', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'w', 'st', 'tr', 'pl', 'th', 'sh']
  const vowels = ['a', 'e', 'i', 'o', 'u', 'ea', 'ou', 'ai']
  const codas = ['', '', '', 'n', 'r', 's', 't', 'd', 'l', 'nd', 'ng']
  const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)]!
  const syllable = () => pick(onsets) + pick(vowels) + pick(codas)
  return Array.from({ length: vocabulary }, () => Array.from({ length: 1 + Math.floor(random() * 3) }, syllable).join(''))
}

/** Lines of words whose frequencies fall as those of a language do (Zipf). */
function newPool(random: () => number): Buffer {
  const words = newWords(random)
  const pool = Buffer.allocUnsafe(poolOctets)
  let at = 0
  let line = ''
  while (at + lineOctets + 32 < poolOctets) {
    line += `${words[Math.floor(vocabulary ** random()) - 1]} `
    if (line.length < lineOctets) continue
    at += pool.write(`${line.trimEnd()}.\r\n`, at, 'latin1')
    line = ''
  }
  return pool.subarray(0, at)
}

export interface Message {
  /** Header and body apart, so that the body need not be copied; together what stands between 354 and the final dot. */
  readonly head: Buffer
  readonly body: Buffer
  readonly messageId: string
}

/** Makes messages of about `octets` octets from `from` to `to`: text, or a short text with an attachment that does not compress. */
export function newMessages(o: { octets: number; attachment: boolean; seed: number }): (from: string, to: string) => Message {
  const random = newRandom(o.seed)
  const pool = newPool(random)
  const unique = randomBytes(6).toString('hex')
  const mime = o.attachment ? newAttachment(o.octets) : null
  let count = 0
  return (from, to) => {
    const messageId = `${++count}.${unique}@bench.example`
    const type = mime === null ? 'text/plain; charset=us-ascii' : `multipart/mixed; boundary="${mime.boundary}"`
    const fields = [
      `From: <${from}>`,
      `To: <${to}>`,
      `Subject: Case papers ${unique} ${count}`,
      `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
      `Message-ID: <${messageId}>`,
      'MIME-Version: 1.0',
      `Content-Type: ${type}`,
      'X-Mailer: bench',
    ]
    const head = `${fields.join('\r\n')}\r\n\r\n`
    const text = (size: number) => wholeLines(pool, Math.floor(random() * (pool.length - size - 200)), size)
    if (mime === null) return { head: Buffer.from(head), body: text(Math.max(80, o.octets - head.length)), messageId }
    const first = Buffer.concat([Buffer.from(`${head}--${mime.boundary}\r\n${mime.textHead}`), text(400), mime.middle])
    return { head: first, body: mime.part(random), messageId }
  }
}

/** Whole lines of the pool, of at least `size` octets, from the first that begins behind `from`. */
function wholeLines(pool: Buffer, from: number, size: number): Buffer {
  const start = pool.indexOf(10, from) + 1
  const end = pool.indexOf(10, start + size - lineOctets) + 1
  return pool.subarray(start, end)
}

/** A base64 attachment from random octets, of which each message gets another stretch. */
function newAttachment(octets: number) {
  const boundary = `=_${randomBytes(12).toString('hex')}`
  const source = Buffer.from(
    randomBytes(poolOctets / 2)
      .toString('base64')
      .replace(/.{76}/g, '$&\r\n'),
    'latin1',
  )
  const size = Math.max(78, Math.floor((octets - 1000) / 78) * 78)
  const ending = Buffer.from(`\r\n--${boundary}--\r\n`)
  return {
    boundary,
    textHead: 'Content-Type: text/plain; charset=us-ascii\r\n\r\n',
    middle: Buffer.from(
      `\r\n--${boundary}\r\nContent-Type: application/pdf; name="bundle.pdf"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="bundle.pdf"\r\n\r\n`,
    ),
    part(random: () => number): Buffer {
      const lines = Math.floor((source.length - size) / 78)
      const start = Math.floor(random() * lines) * 78
      return Buffer.concat([source.subarray(start, start + size), ending])
    },
  }
}
