// Limits of mail/ that stand in no other test, at their value and one past it. docs/limits.md
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddressList } from '#mail/address-list.ts'
import { maxCharsetOctets, maxCommentDepth } from '#mail/limits.ts'
import { withoutComments } from '#mail/parameters.ts'
import { decodeWords } from '#mail/words.ts'

test('comments nest 100 deep; a deeper one is read as at that depth, so that its end comes too early', () => {
  const nested = (depth: number) => `${'('.repeat(depth)}x${')'.repeat(depth)}`
  assert.equal(withoutComments(`${nested(maxCommentDepth)}a`), 'a')
  assert.equal(withoutComments(`(${nested(maxCommentDepth)} b)a`), ' b)a')
  const [address] = parseAddressList(`${nested(maxCommentDepth)} ann@firm.test`)
  assert.equal(address?.kind === 'mailbox' && address.address, 'ann@firm.test')
})

test('the name of a charset and its language may take 128 octets with the mark before them; a longer one begins no encoded word (RFC 2047 §2, RFC 2231 §5)', () => {
  const word = (octets: number) => `=?utf-8*${'x'.repeat(octets - '=?utf-8*'.length)}?Q?caf=C3=A9?=`
  assert.equal(decodeWords(word(2 * maxCharsetOctets)), 'café')
  assert.equal(decodeWords(word(2 * maxCharsetOctets + 1)), word(2 * maxCharsetOctets + 1))
})
