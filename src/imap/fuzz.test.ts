// Hostile sessions over a real port: whatever a client says, nothing fails inside, and the face goes on. Issue: The ground holds.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { commands } from '#imap/commands.ts'
import { answer, message, startFace } from '#test/support/imap-face.ts'

const numRuns = Math.ceil(Number(process.env.CJSM_FUZZ_RUNS ?? 2_000) / 20)
const sets = ['1', '1:*', '*', '2,1:3', '9:4294967295', '*:1']
const items = [
  'FLAGS',
  'FULL',
  '(UID BODY.PEEK[])',
  'BODY[1.2]<3.4>',
  'BODY[2.HEADER.FIELDS (Subject)]',
  'RFC822',
  'BODYSTRUCTURE',
]
const keys = [
  'ALL',
  'NOT SEEN',
  'OR BODY x HEADER X-A ""',
  'SUBJECT {1+}\r\ny',
  'UID 1:*',
  '(SENTON 1-Jan-2026 TEXT a)',
  'CHARSET X Y',
]
const names = ['INBOX', 'Sent', '"a b"', '&AOk-', '{3+}\r\nnew', '""', '/', '__proto__', 'constructor', 'a/b/c', '%', '&']
const flags = ['(\\Deleted)', '\\Seen', '()', '__proto__ toString', '(\\Recent $x)']
const of = (values: readonly string[]) => fc.constantFrom(...values)
const spaced = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((said) => said.join(' '))
const messages = [
  '{5+}\r\nab\rde',
  '(\\Seen) " 7-Jul-2026 02:44:25 -0700" {2+}\r\n\n\n',
  '{0+}\r\n',
  '{3+}\r\na\0b',
  '{1+}\r\nx y',
]
const uid = of(['', 'UID '])
const set = of(sets)
const name = of(names)
const said = fc.oneof(
  spaced(of(['SELECT', 'EXAMINE', 'CREATE', 'DELETE', 'SUBSCRIBE', 'UNSUBSCRIBE']), name),
  spaced(of(['RENAME', 'LIST', 'LSUB']), name, name),
  spaced(of(['STATUS']), name, of(['(MESSAGES SIZE)', '(UNSEEN)', '()'])),
  spaced(of(['APPEND']), name, of(messages)),
  spaced(
    fc.tuple(uid, of(['FETCH'])).map((two) => two.join('')),
    set,
    of(items),
  ),
  spaced(
    fc.tuple(uid, of(['STORE'])).map((two) => two.join('')),
    set,
    of(['FLAGS', '+FLAGS', '-FLAGS.SILENT']),
    of(flags),
  ),
  spaced(
    fc.tuple(uid, of(['SEARCH'])).map((two) => two.join('')),
    fc.array(of(keys), { minLength: 1, maxLength: 3 }).map((all) => all.join(' ')),
  ),
  spaced(
    fc.tuple(uid, of(['COPY', 'MOVE'])).map((two) => two.join('')),
    set,
    name,
  ),
  spaced(of(['UID EXPUNGE']), set),
  of(['NOOP', 'CHECK', 'CLOSE', 'UNSELECT', 'EXPUNGE', 'CAPABILITY', 'SELECT INBOX', 'SELECT INBOX', 'NAMESPACE', 'ID NIL']),
)
const noise = spaced(
  of([...commands.keys()].filter((verb) => !['LOGOUT', 'IDLE', 'AUTHENTICATE'].includes(verb))),
  set,
  of(items),
  name,
)

test('no sequence of commands makes the face fail or stop answering', async () => {
  const face = await startFace({ badCommands: Number.POSITIVE_INFINITY })
  const letter = message(
    'Subject: =?utf-8?q?x?=',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    '',
    'y',
    '--b',
    'Content-Type: message/rfc822',
    '',
    'a: b',
    '',
    'z',
    '--b--',
  )
  const command = fc.oneof({ weight: 6, arbitrary: said }, { weight: 1, arbitrary: noise })
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 10, maxLength: 40 }), async (lines) => {
      face.doors.deliver('INBOX', letter)
      const client = await face.signIn('INBOX')
      // The literals above do not wait, so that all can be sent at once; a tag that is refused is still a line.
      client.send(`${lines.map((line) => `t ${line}`).join('\r\n')}\r\nx LOGOUT\r\n`)
      const { untagged, reply } = await answer(client)
      client.destroy()
      assert.ok(
        !untagged.some((said) => said.includes('[SERVERBUG]')),
        untagged.find((said) => said.includes('[SERVERBUG]')),
      )
      const mailboxIsGone = untagged.some((line) => line.startsWith('* BYE The selected mailbox'))
      assert.ok(reply.startsWith('OK') || mailboxIsGone)
    }),
    { numRuns, seed: 3501 },
  )
})
