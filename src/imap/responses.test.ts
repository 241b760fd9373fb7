// Tagged replies and BYE: their text. RFC 3501 §7.1.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refused } from '#base/faults.ts'
import { bad, byeLine, replyLine, replyToRefusal } from '#imap/responses.ts'

test('a reply keeps its apostrophes and section signs in ASCII, on one line (RFC 3501 §9)', () => {
  const refusal = refused('G02', 'account-is-suspended', 'the account is suspended', 'Ask your organisation’s administrator.')
  assert.equal(
    replyLine('a', replyToRefusal(refusal)),
    `a NO [AUTHORIZATIONFAILED] [G02] the account is suspended. Ask your organisation's administrator.\r\n`,
  )
  assert.equal(replyLine('a', bad('no NUL (RFC 3501 §9)')), 'a BAD no NUL (RFC 3501 section 9)\r\n')
  assert.equal(byeLine('one\r\n* OK two'), '* BYE one?* OK two\r\n')
})
