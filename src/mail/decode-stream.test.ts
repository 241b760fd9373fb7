// Bodies decoded in pieces are as bodies decoded whole. RFC 2045 §6
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodedPieces } from '#mail/decode-stream.ts'
import { decodeTransfer } from '#mail/decode.ts'
import { maxQuotedTailOctets } from '#mail/limits.ts'
import { grammarRuns } from '#test/support/fuzz.ts'

async function inPieces(octets: Buffer, encoding: string, size: number): Promise<Buffer> {
  async function* pieces() {
    for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size)
  }
  const decoded: Buffer[] = []
  for await (const piece of decodedPieces(pieces(), encoding)) decoded.push(piece)
  return Buffer.concat(decoded)
}

for (const [encoding, alphabet] of [
  ['base64', ['QUJD', 'Q', 'UJ', '=', '==', '\r\n', ' ', '!', '-_']],
  ['Quoted-Printable', ['=', '=4', '=41', '=\r\n', '= \t\r\n', ' ', '\t', '\r', '\r\n', '\n', 'a', 'F']],
  ['7bit', ['=41', 'QUJD', '\r\n']],
] as const) {
  test(`a body in ${encoding} decodes to the same octets however it is cut`, async () => {
    const body = fc.array(fc.constantFrom(...alphabet), { maxLength: 40 }).map((all) => Buffer.from(all.join('')))
    await fc.assert(
      fc.asyncProperty(body, fc.integer({ min: 1, max: 9 }), async (octets, size) => {
        const whole = decodeTransfer(octets, encoding)
        assert.equal((await inPieces(octets, encoding, size)).toString('latin1'), whole.toString('latin1'))
      }),
      { seed: 5, numRuns: Math.ceil(grammarRuns / 10) },
    )
  })
}

test('white space that never ends a line waits up to its limit, and is given then', async () => {
  const decoded = async (spaces: number) =>
    (await inPieces(Buffer.from(`${' '.repeat(spaces)}\r\n`), 'quoted-printable', 100)).length
  assert.equal(await decoded(maxQuotedTailOctets), 2)
  assert.ok((await decoded(maxQuotedTailOctets + 200)) > 2)
})
