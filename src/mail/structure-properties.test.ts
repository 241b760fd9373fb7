// Properties of the structure scan that hold for any octets, over seeded generators; CJSM_FUZZ_RUNS sets how many of each.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseHeader } from '#mail/header.ts'
import { type Part, type StructureLimits, StructureScan } from '#mail/structure.ts'
import { grammarRuns } from '#test/support/fuzz.ts'

const runs = { seed: 20261121, numRuns: grammarRuns }
const check = <T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => void) => fc.assert(fc.property(arbitrary, holds), runs)

/** Strings that are mostly made of what a grammar treats in some way of its own. */
const soup = (...tokens: string[]) =>
  fc
    .array(fc.oneof(fc.constantFrom(...tokens), fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 24 })
    .map((parts) => parts.join(''))

const mimeSoup = soup(
  '--b',
  '--b--',
  '--c',
  '--c--',
  '\r\n',
  '\r\n',
  '\r\n',
  '\r\n\r\n',
  '\n',
  '\r',
  ' ',
  '\t',
  '-',
  'a: b',
  '\0',
  'é',
  ':',
  'text',
  'Content-Type: multipart/mixed; boundary=b\r\n',
  'Content-Type: multipart/digest; boundary=c\r\n',
  'Content-Type: multipart/mixed; boundary=b--\r\n',
  'Content-Type: message/rfc822\r\n',
  'Content-Type: message/global\r\n\r\n',
  'From: "x" <a@b>\r\n',
)

function scan(octets: Buffer, cuts: readonly number[], limits?: Partial<StructureLimits>) {
  const structure = new StructureScan(limits)
  const ends = [...cuts.map((cut) => cut % (octets.length + 1)), octets.length].sort((a, b) => a - b)
  let start = 0
  for (const end of ends) {
    // A copy that is overwritten at once: the scan may keep nothing of a chunk.
    const chunk = Buffer.from(octets.subarray(start, end))
    structure.push(chunk)
    chunk.fill(0x2d)
    start = end
  }
  return structure.end()
}

const small = { maxDepth: 4, maxParts: 6, maxHeaderOctets: 60, maxPartHeadersOctets: 100 }

test('the structure is the same however the octets are cut into chunks, with wide limits and with narrow ones', () => {
  check(
    fc.tuple(fc.array(mimeSoup, { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 12 }), fc.boolean()),
    ([texts, cuts, narrow]) => {
      const octets = Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${texts.join('')}`)
      const limits = narrow ? small : undefined
      const whole = scan(octets, [], limits)
      assert.deepEqual(scan(octets, cuts, limits), whole)
      assert.deepEqual(
        scan(
          octets,
          Array.from({ length: octets.length }, (_, at) => at),
          limits,
        ),
        whole,
      )
    },
  )
})

/** What holds of every part of any message: where it is, and that each type has the parts that its readers expect. */
function assertSound(part: Part, octets: Buffer): void {
  assert.ok(part.headerStart <= part.bodyStart && part.bodyStart <= part.bodyEnd && part.bodyEnd <= octets.length)
  assert.equal(part.lines, octets.subarray(part.bodyStart, part.bodyEnd).filter((octet) => octet === 0x0a).length)
  assert.equal(part.type === 'multipart', part.type === 'multipart' && part.parts.length > 0)
  assert.equal(part.type === 'message' && part.parts.length === 1, part.envelope !== null)
  let end = part.bodyStart
  for (const child of part.parts) {
    assert.ok(child.headerStart >= end && child.bodyEnd <= part.bodyEnd)
    end = child.bodyEnd
    assertSound(child, octets)
  }
}

test('whatever the octets, every part lies within its parent, in order, and the header ends where parseHeader says', () => {
  check(fc.tuple(fc.array(mimeSoup, { maxLength: 4 }), fc.boolean()), ([texts, narrow]) => {
    const octets = Buffer.from(texts.join(''))
    const structure = scan(octets, [], narrow ? small : undefined)
    assertSound(structure.root, octets)
    if (!narrow) assert.equal(structure.headerOctets, parseHeader(octets).octets)
    const text = octets.toString('latin1')
    assert.equal(structure.hasBareCr, /\r(?!\n)/.test(text))
    assert.equal(structure.hasBareLf, /(?<!\r)\n/.test(text))
    assert.equal(structure.longestLineOctets, Math.max(...text.split(/\r\n|\n/).map((line) => line.length)))
  })
})

test('a nested message whose empty header ends at its delimiter lies within its holder (found by a million cases)', () => {
  const octets = Buffer.from('Content-Type: multipart/digest; boundary=c\r\n--c\r\n\r\n\r\n--c')
  const { root } = scan(octets, [], undefined)
  assertSound(root, octets)
  const holder = root.parts[0]!
  assert.deepEqual([holder.bodyEnd - holder.bodyStart, holder.lines], [2, 1])
  assert.deepEqual([holder.parts[0]!.bodyEnd - holder.parts[0]!.bodyStart, holder.parts[0]!.lines], [0, 0])
})

interface Composed {
  readonly header: string
  readonly body: string
  readonly parts: Composed[]
}

const bodyText = fc.string({ unit: fc.constantFrom('a', '-', '--', '\r\n', ' ', 'b1', '--x\r\n', 'é'), maxLength: 12 })

/** A message and what it was made of; boundaries begin alike and occur nowhere else. */
function composed(depth: number, path: string): fc.Arbitrary<Composed> {
  const leaf = bodyText.map((body): Composed => ({ header: 'Content-Type: text/plain\r\n\r\n', body, parts: [] }))
  if (depth === 0) return leaf
  const boundary = `=${path}`
  const multipart = fc
    .tuple(
      bodyText,
      bodyText,
      fc
        .integer({ min: 1, max: 3 })
        .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => composed(depth - 1, `${path}${index}`)))),
    )
    .map(([preamble, epilogue, parts]): Composed => {
      const delimited = parts.map((part) => `--${boundary}\r\n${part.header}${part.body}\r\n`).join('')
      return {
        header: `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n`,
        body: `${preamble}\r\n${delimited}--${boundary}--\r\n${epilogue}`,
        parts,
      }
    })
  const message = composed(depth - 1, `${path}m`).map(
    (part): Composed => ({ header: 'Content-Type: message/rfc822\r\n\r\n', body: part.header + part.body, parts: [part] }),
  )
  return fc.oneof(leaf, multipart, multipart, message)
}

function assertSame(part: Part, expected: Composed, octets: Buffer): void {
  assert.equal(octets.toString('utf8', part.headerStart, part.bodyStart), expected.header)
  assert.equal(octets.toString('utf8', part.bodyStart, part.bodyEnd), expected.body)
  assert.equal(part.parts.length, expected.parts.length)
  for (const [index, child] of part.parts.entries()) assertSame(child, expected.parts[index]!, octets)
}

test('RFC 2046 §5.1: the offsets of every part cut out exactly what the message was put together from', () => {
  check(composed(3, 'b'), (expected) => {
    const octets = Buffer.from(expected.header + expected.body)
    assertSame(scan(octets, []).root, expected, octets)
  })
})
