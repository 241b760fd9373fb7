// Framing: every short string over CR, LF and dot at every split gives what a reading by the RFC's words gives. RFC 5321 §4.5.2.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LineReader, type Flaw } from '#smtp/line-reader.ts'
import { grammarRuns } from '#test/support/fuzz.ts'

interface Outcome {
  readonly ended: boolean
  readonly flawed: boolean
  /** Null where it is flawed and so worth nothing. */
  readonly content: string | null
  readonly rest: string
}

/** The rules said plainly: the end is the first CRLF.CRLF, the CRLF of the DATA command counting as the first. */
function byTheWords(octets: string): Outcome {
  const whole = `\r\n${octets}`
  const end = whole.indexOf('\r\n.\r\n')
  const body = end === -1 ? whole : whole.slice(0, end + 2)
  const flawed = /\r(?!\n)|(?<!\r)\n|\0/.test(body)
  const content = body.slice(2).replace(/(?<=^|\r\n)\./g, '')
  return { ended: end !== -1, flawed, content: flawed ? null : content, rest: end === -1 ? '' : whole.slice(end + 5) }
}

function byTheReader(pieces: string[]): Outcome {
  const reader = new LineReader({ dots: true })
  let content = ''
  let rest = ''
  for (const piece of pieces) {
    if (reader.ended) rest += piece
    else {
      const read = reader.push(Buffer.from(piece, 'latin1'))
      content += read.content.toString('latin1')
      rest += read.rest?.toString('latin1') ?? ''
    }
  }
  return { ended: reader.ended, flawed: reader.flaw !== null, content: reader.flaw === null ? content : null, rest }
}

function* stringsOf(alphabet: string[], length: number): Generator<string> {
  if (length === 0) yield ''
  else for (const rest of stringsOf(alphabet, length - 1)) for (const octet of alphabet) yield octet + rest
}

test('every string of length 7 over CR, LF and dot, behind text and before an end, at two splits each (RFC 5321 §4.1.1.4)', () => {
  let cases = 0
  for (const middle of stringsOf(['\r', '\n', '.'], 7)) {
    // A string that ends in CR or CRLF. joins with what follows; a last octet of text keeps the unfinished ones comparable.
    for (const octets of [`a${middle}b\r\n.\r\nNOOP\r\n`, `${middle}\r\n.\r\nQUIT\r\n`]) {
      const expected = byTheWords(octets)
      for (const split of [3, 5]) {
        assert.deepEqual(byTheReader([octets.slice(0, split), octets.slice(split)]), expected, JSON.stringify([octets, split]))
        cases += 1
      }
    }
  }
  assert.equal(cases, 4 * 3 ** 7)
})

test('random content over CR, LF, dot, NUL and text in random pieces reads as the words say (RFC 5321 §4.5.2)', () => {
  const octet = fc.oneof(
    { arbitrary: fc.constantFrom('\r\n', '\r\n.', '.', 'a'), weight: 8 },
    fc.constantFrom('\r', '\n', '\0'),
    fc.constant('long line '.repeat(9)),
  )
  const pieces = fc.array(
    fc.array(octet, { maxLength: 8 }).map((octets) => octets.join('')),
    { maxLength: 6 },
  )
  fc.assert(
    fc.property(pieces, (given) => {
      const whole = `${given.join('')}b\r\n.\r\nrest`
      const expected = byTheWords(whole)
      assert.deepEqual(byTheReader([...given, 'b\r\n.\r\nrest']), expected)
      assert.deepEqual(byTheReader([whole]), expected)
      assert.deepEqual(byTheReader([...whole]), expected)
    }),
    { seed: 7, numRuns: grammarRuns },
  )
})

const long = process.env.CJSM_LONG === '1'

test(`${long ? '24 million' : '100,000'} random strings of up to 16 octets, split at random (RFC 5321 §4.1.1.4)`, () => {
  const alphabet = ['\r', '\n', '.', '\r\n', '\r\n.', '\r\n.\r\n', 'a', '\0']
  // xorshift32: the same cases in every run, at a cost that 24 million of them allow.
  let state = 0x2545f491
  const next = (below: number) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
  for (let n = long ? 24_000_000 : 100_000; n > 0; n -= 1) {
    let octets = ''
    for (let left = 1 + next(8); left > 0; left -= 1) octets += alphabet[next(alphabet.length)]!
    octets += 'b\r\n.\r\n'
    const split = next(octets.length)
    const [expected, read] = [byTheWords(octets), byTheReader([octets.slice(0, split), octets.slice(split)])]
    const same = expected.ended === read.ended && expected.content === read.content && expected.rest === read.rest
    if (!same || expected.flawed !== read.flawed) assert.fail(JSON.stringify([octets, split, expected, read]))
  }
})

for (const [what, octets, flaw] of [
  ['a bare CR', 'a\rb', 'bare-cr'],
  ['a bare LF', 'a\nb', 'bare-lf'],
  ['a NUL', 'a\0b', 'nul'],
  ['a bare CR that ends it', 'a\r', 'bare-cr'],
  ['CRLF and dots alone', '.\r\n..\r\n\r\n.', null],
] as const satisfies readonly (readonly [string, string, Flaw | null])[]) {
  test(`content counted by BDAT keeps its dots; ${what} is ${flaw ?? 'no flaw'} (RFC 3030 §2)`, () => {
    const reader = new LineReader({ dots: false })
    const read = reader.push(Buffer.from(octets))
    reader.finish()
    assert.equal(reader.flaw, flaw)
    if (flaw === null) assert.equal(read.content.toString(), octets)
  })
}

test('a CR at the end of one piece and its LF at the start of the next are one CRLF', () => {
  const reader = new LineReader({ dots: false })
  assert.equal(reader.push(Buffer.from('a\r')).content.toString(), 'a\r')
  assert.equal(reader.push(Buffer.from('\nb')).content.toString(), '\nb')
  reader.finish()
  assert.equal(reader.flaw, null)
})

test('25 MiB of dots alone cost no more than some times as much text in lines as short', () => {
  const size = 25 * 1_048_576
  const cost = (line: string) => {
    const octets = Buffer.alloc(size, line)
    const reader = new LineReader({ dots: true })
    const before = process.cpuUsage().user
    for (let at = 0; at < size; at += 16_384) reader.push(octets.subarray(at, at + 16_384))
    return process.cpuUsage().user - before
  }
  cost('..\r\n')
  const [plain, dots] = ['ab\r\n', '..\r\n'].map((line) => Math.min(cost(line), cost(line)))
  // bench/ holds the ratio of the whole way in to 3; here a loop that is native call for native call would show at 8 and more.
  assert.ok(dots! < 6 * plain!, `${dots} µs against ${plain}`)
})
