// The decoder: its rules at their edges, and hostile input. RFC 3501 §9.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BadCommand } from '#base/faults.ts'
import { commands, rowNamedBy } from '#imap/commands.ts'
import { Decoder } from '#imap/grammar.ts'
import { imapLimits } from '#imap/limits.ts'
import { star } from '#imap/sequence-set.ts'
import { grammarRuns } from '#test/support/fuzz.ts'

const numRuns = grammarRuns
const decoder = (text: string) => new Decoder(Buffer.from(text, 'latin1'), imapLimits)

/** Reads a whole command as the loop does. */
function readCommand(octets: Buffer): void {
  const input = new Decoder(octets, imapLimits)
  input.tag()
  rowNamedBy(input).begin(input)
}

const refusedCommands: [title: string, command: string][] = [
  ['an empty line', ''],
  ['a tag alone', 'a'],
  ['a tag with a plus sign', 'a+ NOOP'],
  ['a tag of 65 octets', `${'a'.repeat(65)} NOOP`],
  ['two spaces', 'a  NOOP'],
  ['a space at the end', 'a NOOP '],
  ['an unknown verb', 'a FROBNICATE'],
  ['an 8-bit verb', 'a N\u00d6\u00d6P'],
  ['UID of what has no such form', 'a UID EXAMINE INBOX'],
  ['a quoted string that does not end', 'a SELECT "INBOX'],
  ['a quoted string with a line end', 'a SELECT "IN\r\nBOX"'],
  ['a needless backslash', 'a SELECT "IN\\BOX"'],
  ['a literal that is cut short', 'a SELECT {9}\r\nINBOX'],
  ['a literal with NUL', 'a SELECT {3}\r\na\0b'],
  ['a literal whose size overflows', 'a SELECT {99999999999}\r\nx'],
  ['a set with zero', 'a FETCH 0 FLAGS'],
  ['a number of 33 bits', 'a FETCH 4294967296 FLAGS'],
  ['a set that ends in a comma', 'a FETCH 1, FLAGS'],
  ['an empty item list', 'a FETCH 1 ()'],
  ['an item that does not exist', 'a FETCH 1 BODY.SPEEK[]'],
  ['a macro in a list', 'a FETCH 1 (ALL FLAGS)'],
  ['MIME of the message itself', 'a FETCH 1 BODY[MIME]'],
  ['part zero', 'a FETCH 1 BODY[0]'],
  ['a section that ends in a dot', 'a FETCH 1 BODY[1.]'],
  ['a field list without fields', 'a FETCH 1 BODY[HEADER.FIELDS ()]'],
  ['a field name with a colon', 'a FETCH 1 BODY[HEADER.FIELDS ("a:b")]'],
  ['a partial of nothing', 'a FETCH 1 BODY[]<0.0>'],
  ['a system flag that does not exist', 'a STORE 1 +FLAGS \\Pinned'],
  ['a flag with a bracket', 'a STORE 1 +FLAGS a]b'],
  ['STORE of something else', 'a STORE 1 +LABELS x'],
  ['31 February', 'a SEARCH ON 31-Feb-2026'],
  ['a month that does not exist', 'a SEARCH ON 1-Foo-2026'],
  ['a search without keys', 'a SEARCH'],
  ['an unknown search key', 'a SEARCH YOUNGER 5'],
  ['OR with one key', 'a SEARCH OR SEEN'],
  ['text that is not UTF-8', 'a SEARCH SUBJECT {1}\r\n\xff'],
  ['a parenthesis that does not close', 'a SEARCH (SEEN'],
  ['one that was not opened', 'a SEARCH SEEN)'],
  ['an APPEND date with an hour 24', 'a APPEND INBOX "01-Jan-2026 24:00:00 +0000" '],
  ['no space before the message', 'a APPEND INBOX (\\Seen)'],
  ['more than a charset', 'a SEARCH CHARSET UTF-8'],
  ['a second list after RETURN', 'a LIST "" "*" RETURN () ()'],
]
for (const [title, command] of refusedCommands) {
  test(`a command with ${title} is BAD (RFC 3501 §9)`, () => {
    assert.throws(() => readCommand(Buffer.from(command, 'latin1')), BadCommand)
  })
}

test('the commands that mail programs send are read', () => {
  const said = [
    'a1 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE FROM SENDER SUBJECT TO CC MESSAGE-ID REFERENCES CONTENT-TYPE CONTENT-DESCRIPTION IN-REPLY-TO REPLY-TO LINES LIST-POST X-LABEL)])',
    'a2 uid fetch 5 (uid rfc822.size body.peek[])',
    'a3 UID STORE 1,3:5,* +FLAGS.SILENT (\\Deleted $NotJunk)',
    'a4 STORE 1 FLAGS \\Seen \\Answered',
    'a5 FETCH 1:2 (BODY.PEEK[1.2.MIME]<0.1024> BODY[2.HEADER.FIELDS.NOT (Subject)] RFC822.HEADER)',
    'a6 UID SEARCH RETURN'.replace(' RETURN', ' CHARSET utf-8 OR (FROM ada SUBJECT {3}\r\nR v) NOT UID 1:5'),
    'a7 SEARCH UNDELETED SINCE 1-Jan-2026 SENTBEFORE "31-Dec-2026" HEADER Message-ID <x@y> 1:*',
    'a8 LIST (SUBSCRIBED RECURSIVEMATCH) "" ("INBOX" "Ca%") RETURN (CHILDREN STATUS (MESSAGES))',
    'a9 APPEND "Sent Items" (\\Seen) " 7-Jul-2026 02:44:25 -0700" ',
    'b1 APPEND INBOX ',
    'b2 STATUS INBOX (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)',
    'b3 ID ("name" "Thunderbird" "version" "140.0")',
    'b4 UID MOVE 4 Archive/2026',
    'b5 CHECK',
  ]
  for (const command of said) readCommand(Buffer.from(command, 'latin1'))
})

test('numbers, sets, flags and dates mean what they say', () => {
  assert.deepEqual(decoder('1,3:*,*:7').sequenceSet(), [
    [1, 1],
    [3, star],
    [star, 7],
  ])
  assert.equal(decoder('4294967295').number(), 4_294_967_295)
  assert.deepEqual(decoder('(\\seen \\RECENT $Junk $junk)').flagList(), ['\\Seen', '$junk'])
  assert.equal(decoder('" 7-Jul-1996 02:44:25 -0700"').dateTime(), Date.UTC(1996, 6, 7, 9, 44, 25))
  assert.equal(decoder('29-Feb-2024').date(), Date.UTC(2024, 1, 29))
  assert.equal(decoder('01-Jan-0099').date(), new Date(0).setUTCFullYear(99, 0, 1))
  assert.equal(decoder('"\\"\\\\"').text(), '"\\')
  assert.equal(decoder('inbox').mailbox(), 'INBOX')
})

test('limits hold at their value and one past it', () => {
  const nested = (depth: number) => `a SEARCH ${'('.repeat(depth)}SEEN${')'.repeat(depth)}`
  const keys = (count: number) => `a SEARCH ${Array.from({ length: count }, () => 'SEEN').join(' ')}`
  const nots = (count: number) => `a SEARCH ${'NOT '.repeat(count - 1)}SEEN`
  const set = (count: number) => `a FETCH ${Array.from({ length: count }, () => '1').join(',')} FLAGS`
  const fields = (count: number) =>
    `a FETCH 1 BODY[HEADER.FIELDS (${Array.from({ length: count }, (_, n) => `x${n}`).join(' ')})]`
  const items = (count: number) => `a FETCH 1 (${Array.from({ length: count }, (_, n) => `BODY[${n + 1}]`).join(' ')})`
  const flags = (count: number) => `a STORE 1 FLAGS (${Array.from({ length: count }, (_, n) => `k${n}`).join(' ')})`
  const keyword = (octets: number) => `a STORE 1 FLAGS ${'k'.repeat(octets)}`
  const part = (depth: number) => `a FETCH 1 BODY[${Array.from({ length: depth }, () => '1').join('.')}]`
  const pattern = (octets: number) => `a LIST "" ${'p'.repeat(octets)}`
  const id = (pairs: number) => `a ID (${Array.from({ length: pairs }, () => '"k" NIL').join(' ')})`
  const rows: [(count: number) => string, number][] = [
    [nested, imapLimits.parenthesisDepth],
    [keys, imapLimits.searchKeys],
    [nots, imapLimits.searchKeys],
    [set, imapLimits.setElements],
    [fields, imapLimits.headerFieldNames],
    [items, imapLimits.fetchItems],
    [flags, imapLimits.flagsInCommand],
    [keyword, imapLimits.keywordOctets],
    [part, 101],
    [pattern, imapLimits.listPatternOctets],
    [id, imapLimits.idPairs],
  ]
  for (const [make, limit] of rows) {
    readCommand(Buffer.from(make(limit)))
    assert.throws(() => readCommand(Buffer.from(make(limit + 1))), BadCommand, make(1))
  }
})

const words = [
  'a',
  ' ',
  ' ',
  '(',
  ')',
  '"',
  '\\',
  '{3}\r\nabc',
  '{3+}\r\n',
  '{',
  '}',
  '*',
  '%',
  '1',
  ':',
  ',',
  '<0.5>',
  '[',
  ']',
  '\r',
  '\n',
  '\0',
  '\xff',
  '&',
  '&AOk-',
  '-',
  '+',
  '.',
  'NIL',
  'CHARSET',
  'BODY',
  'BODY.PEEK[',
  'HEADER.FIELDS',
  'TEXT',
  'FLAGS',
  '\\Seen',
  'OR',
  'NOT',
  'SUBJECT',
  'UID',
  'SINCE',
  '1-Jan-2026',
  'RETURN',
  'STATUS',
  '__proto__',
]

test('whatever follows a verb, nothing but BadCommand is thrown', () => {
  const noise = fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((parts) => parts.join(''))
  const line = fc
    .tuple(fc.constantFrom(...commands.keys()), noise)
    .map(([verb, rest]) => Buffer.from(`t ${verb} ${rest}`, 'latin1'))
  const octets = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array))
  fc.assert(
    fc.property(fc.oneof(line, octets), (command) => {
      try {
        readCommand(command)
      } catch (fault) {
        if (!(fault instanceof BadCommand)) throw fault
        assert.match(fault.message, /^[\x20-\x7e]+$/)
      }
    }),
    { numRuns, seed: 3501 },
  )
})

test('a command of 64 KiB is read in linear time, whatever it is made of', () => {
  const heads = ['a SEARCH ', 'a FETCH 1 (', 'a STORE 1 FLAGS (', 'a LIST "" ', 'a SELECT ', 'a ID (', 'a FETCH ']
  for (const head of heads) {
    for (const word of ['(', '"', '\\', '1,', '1:*,', 'NOT ', '&', '&AOk-', 'BODY[1.', '{0}\r\n', '* ', 'k ']) {
      const command = Buffer.from(head + word.repeat(65_536 / word.length))
      const startedMs = performance.now()
      try {
        readCommand(command)
      } catch (fault) {
        assert.ok(fault instanceof BadCommand)
      }
      assert.ok(performance.now() - startedMs < 1_000, `${head}${word}…`)
    }
  }
})
