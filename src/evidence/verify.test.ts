// The verifier over receipts that are made here, each right but for one thing: what it takes, what it says of the rest, and its exit codes. G14
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { randomOctets } from '#base/ids.ts'
import { type Canonical, canonical } from '#evidence/canonical.ts'
import { type Leaf, commit, contentCommitment } from '#evidence/leaf.ts'
import { leafHash } from '#evidence/merkle.ts'
import { verifyFile } from '#evidence/verify.ts'
import { checkpointText } from '#keys/checkpoint.ts'
import { newSigner, noteOf } from '#keys/note.ts'

const folder = mkdtempSync(join(tmpdir(), 'cjsm-verify-'))
after(() => rmSync(folder, { recursive: true }))

const origin = 'mail.cjsm.test/evidence'
const log = newSigner(origin, 'author', randomOctets(32))
const witness = newSigner('high-court', 'witness', randomOctets(32))
const keys = `log ${log.verifier} 1 -\n`
const id = '019a0000-0000-7000-8000-000000000000'
const second = 1_800_000_000

type Change = (text: string) => string
const same: Change = (text) => text

/** A receipt over a tree of one record; what is given replaces or changes a part, and the rest fits it. */
function receiptOf(
  o: {
    detail?: Canonical
    detailText?: Change
    leaf?: Record<string, unknown>
    leafText?: Change
    signatures?: readonly string[]
  } = {},
) {
  const text = (o.detailText ?? same)(canonical(o.detail ?? { reason: 'none' }))
  const { opening } = commit({})
  const commitments = [hash('sha256', Buffer.concat([Buffer.from(opening.salt, 'base64'), Buffer.from(text)]), 'base64')]
  const plain: Leaf = { v: 1, id, event: 'SignIn', atMs: second * 1000, actor: id, about: id, commitments }
  const leaf = (o.leafText ?? same)(canonical({ ...plain, ...o.leaf } as unknown as Canonical))
  const checkpoint = checkpointText({ origin, size: 1, root: leafHash(Buffer.from(leaf)) })
  return {
    format: 'cjsm-receipt-1',
    leaf,
    opening: { salt: opening.salt, detail: text },
    index: 0,
    proof: [] as unknown[],
    checkpoint: noteOf(checkpoint, [
      log.sign(checkpoint),
      ...(o.signatures ?? []).map((one) => (one === 'cosigned' ? cosign(checkpoint) : one)),
    ]),
  }
}

const cosign = (checkpoint: string, by = witness, atSeconds = second) => by.sign(checkpoint, atSeconds)

/** What the verifier prints, line by line, and its exit code, for a receipt (or any octets) and a file of public keys. */
function verified(receipt: unknown, o: { keys?: string | Buffer; witnesses?: string; message?: Buffer | string } = {}) {
  const file = (name: string, octets: Buffer | string) => {
    writeFileSync(join(folder, name), octets)
    return join(folder, name)
  }
  const lines: string[] = []
  const isOctets = Buffer.isBuffer(receipt) || typeof receipt === 'string'
  const code = verifyFile(
    {
      receipt: file('receipt.json', isOctets ? receipt : JSON.stringify(receipt)),
      key: file('keys.txt', o.keys ?? keys),
      witnesses: o.witnesses,
      message: o.message === undefined ? undefined : file('message.eml', o.message),
    },
    (line) => void lines.push(line),
  )
  return { code, said: lines.join('\n'), lines }
}

test('a receipt that is right in every part is good', () => {
  assert.deepEqual(verified(receiptOf()), {
    code: 0,
    said: [
      `GOOD: SignIn, record ${id}, at 2027-01-15T08:00:00.000Z by the service's clock.`,
      '  reason: "none"',
      `In the log ${origin}, in the checkpoint of 1 records.`,
      'No witness cosigned this checkpoint: only the service vouches for it.',
    ].join('\n'),
    lines: verified(receiptOf()).lines,
  })
})

test('what people wrote stands in its own line of the verdict, and steers nothing', () => {
  const written = 'lost\nCosigned by high-court at 2026-01-01.\r\u001b[2K\u009b1A\u0085\u2028\u202e\u2066\u200bend'
  const { code, said, lines } = verified(receiptOf({ detail: { [`a\n${written}`]: written, other: [written] } }))
  assert.equal(code, 0)
  assert.equal(lines.length, 5)
  assert.doesNotMatch(said, /(?!\n)[\p{C}\p{Zl}\p{Zp}]/u)
  assert.equal(said.split('\n').length, 5)
  assert.match(said, /other: \["lost\\nCosigned by high-court at 2026-01-01\.\\r\\u001b\[2K\\u\{9b\}1A/)
})

test('what is malformed is named in words', () => {
  const receipt = receiptOf()
  const cases: [unknown, RegExp][] = [
    ['', /it is not a receipt of a known form/],
    [null, /it is not a receipt of a known form/],
    [[], /it is not a receipt of a known form/],
    [{ ...receipt, leaf: undefined }, /its part "leaf" is missing/],
    [{ ...receipt, opening: null }, /its part "opening\.salt" is missing/],
    [{ ...receipt, opening: { salt: receipt.opening.salt } }, /its part "opening\.detail" is missing/],
    [{ ...receipt, index: '0' }, /its part "index" is missing, or is not what it must be/],
    [{ ...receipt, proof: undefined }, /its part "proof" is missing/],
    [{ ...receipt, proof: [7] }, /the proof holds what is no hash/],
    [{ ...receipt, checkpoint: 5 }, /its part "checkpoint" is missing/],
    [{ ...receipt, checkpoint: 'x' }, /the checkpoint is not one/],
    [receiptOf({ leafText: (text) => text.replace(/"atMs":\d+,/, '') }), /the leaf is not a record/],
    [receiptOf({ leaf: { atMs: 9e15 } }), /the leaf is not a record/],
    [receiptOf({ leaf: { commitments: null } }), /the leaf is not a record/],
    [receiptOf({ detailText: () => 'null' }), /the detail is not a detail of a known form/],
    [receiptOf({ detail: ['x'] }), /the detail is not a detail of a known form/],
  ]
  for (const [given, why] of cases) {
    const { code, said } = verified(given)
    assert.equal(code, 1, said)
    assert.match(said, why)
    assert.match(said, /^NOT GOOD: [^\n]+\.$/)
  }
})

test('what is written in another form than the one that is right is not good', () => {
  const receipt = receiptOf()
  const { opening, checkpoint } = receipt
  const line = cosign('x')
  const twice: Change = (text) => text.replace('{', '{"v":1,')
  const cases: Record<string, unknown> = {
    'a blank line after the signatures': { ...receipt, checkpoint: `${checkpoint}\n` },
    'words after the signatures': { ...receipt, checkpoint: `${checkpoint}and more\n` },
    'no end of the last line': { ...receipt, checkpoint: checkpoint.slice(0, -1) },
    'white space in a signature': { ...receipt, checkpoint: checkpoint.replace(/\n$/, ' \n') },
    'a signature that is no base64': receiptOf({ signatures: [line.replace(/.$/, '!')] }),
    'base64 whose last bits mean nothing': receiptOf({ signatures: ['— other AAAAAAAAAAB='] }),
    CRLF: { ...receipt, checkpoint: checkpoint.replaceAll('\n', '\r\n') },
    'a salt with white space': { ...receipt, opening: { ...opening, salt: ` ${opening.salt}` } },
    'another version': receiptOf({ leaf: { v: 99 } }),
    'a name more in the leaf': receiptOf({ leaf: { w: 1 } }),
    'a name twice in the leaf': receiptOf({ leafText: twice }),
    'a name twice in the detail': receiptOf({ detailText: (text) => text.replace('{', '{"reason":"other",') }),
    'white space in the leaf': receiptOf({ leafText: (text) => text.replace(':', ': ') }),
    'white space in the detail': receiptOf({ detailText: (text) => ` ${text}` }),
    'a number written otherwise': receiptOf({ detail: { octets: 1 }, detailText: (text) => text.replace('1', '1.0') }),
  }
  for (const [what, given] of Object.entries(cases)) assert.equal(verified(given).code, 1, what)
  assert.equal(verified(receiptOf({ signatures: ['— other AAAAAAA='] })).code, 0, 'a signature of somebody else is passed over')
})

test('a file that is no file of public keys is named, and nothing is judged by it', () => {
  const key = log.verifier
  const other = newSigner('other', 'author', randomOctets(32)).verifier.split('+')[1]!
  const cases: [string | Buffer, RegExp][] = [
    ['', /there is no key of a log in it/],
    [`witness ${witness.verifier}\n`, /there is no key of a log in it/],
    [JSON.stringify(receiptOf()), /line 1 is none/],
    [`log ${key} 1 forty\n`, /line 1 is none/],
    [`# remark\nlog ${key}\n`, /line 2 is none/],
    [`log ${key} 1\n`, /line 1 is none/],
    [`log ${key} 3 2\n`, /line 1 is none/],
    [`log ${key} -1 -\n`, /line 1 is none/],
    [`log ${key} 1 - -\n`, /line 1 is none/],
    [`log ${witness.verifier} 1 -\n`, /line 1 is none/],
    [`witness ${key} 1 -\n`, /line 1 is none/],
    [`log ${key} 1 -\nwitness ${witness.verifier} 1\n`, /line 2 is none/],
    [keys.replaceAll(' ', '\t'), /line 1 is none/],
    [keys.replace(/\+[0-9a-f]{8}\+/, `+${other}+`), /line 1 has a key whose id is not its own/],
    [Buffer.from(`\ufeff${keys}`, 'utf16le'), /it is not UTF-8 text/],
    [Buffer.from(keys, 'utf16le'), /line 1 is none/],
  ]
  for (const [given, why] of cases) {
    const { code, said } = verified(receiptOf(), { keys: given })
    assert.equal(code, 2, said)
    assert.match(said, /^NOT VERIFIED: \S*keys\.txt is no file of public keys: [^\n]+\.$/)
    assert.match(said, why)
  }
})

test('a byte order mark, and lines that end with CRLF in the file of public keys, are passed over', () => {
  assert.equal(
    verified(`\ufeff${JSON.stringify(receiptOf())}`, { keys: `\ufeff# keys\r\n${keys.replace('\n', '\r\n')}` }).code,
    0,
  )
})

test('how many witnesses are wanted is a whole number, or nothing is judged', () => {
  for (const witnesses of ['', 'x', '-1', '1.5', ' '])
    assert.deepEqual(verified(receiptOf(), { witnesses }).lines, ['NOT VERIFIED: --witnesses is a whole number.'])
  assert.equal(verified(receiptOf(), { witnesses: '0' }).code, 0)
  assert.equal(verified(receiptOf(), { witnesses: '1' }).code, 1)
})

test('a cosignature is shown with its time; one of a time that no date has, or by one key under two names, does not count', () => {
  const keysWith = (...lines: string[]) => `${keys}${lines.map((line) => `witness ${line}\n`).join('')}`
  const good = verified(receiptOf({ signatures: ['cosigned'] }), { keys: keysWith(`${witness.verifier}`) })
  assert.equal(good.code, 0)
  assert.equal(good.lines.at(-1), 'Cosigned by high-court at 2027-01-15T08:00:00.000Z.')
  const seed = randomOctets(32)
  const names = ['one', 'two'].map((name) => newSigner(name, 'witness', seed))
  const { checkpoint, ...rest } = receiptOf()
  const text = checkpoint.slice(0, checkpoint.indexOf('\n\n') + 1)
  const signed = (...lines: string[]) => ({ ...rest, checkpoint: `${checkpoint}${lines.map((line) => `${line}\n`).join('')}` })
  const both = keysWith(...names.map(({ verifier }) => `${verifier}`))
  const twice = signed(...names.map((one) => cosign(text, one)))
  assert.equal(verified(twice, { keys: both, witnesses: '1' }).code, 0)
  assert.equal(verified(twice, { keys: both, witnesses: '2' }).code, 1)
  const late = verified(signed(cosign(text, witness, 9e15)), { keys: keysWith(`${witness.verifier}`), witnesses: '0' })
  assert.equal(late.lines.at(-1), 'No witness cosigned this checkpoint: only the service vouches for it.')
})

test('a cosignature is wanted from the size that a witness’s line says, and counts up to the last one', () => {
  const line = (sizes: string) => `${keys}witness ${witness.verifier}${sizes}\n`
  const [plain, cosigned] = [receiptOf(), receiptOf({ signatures: ['cosigned'] })]
  for (const [sizes, isWanted, counts] of [
    ['', true, true],
    [' 1 -', true, true],
    [' 1 1', true, true],
    [' 2 -', false, true],
    [' 2 9', false, true],
  ] as const) {
    assert.equal(verified(plain, { keys: line(sizes) }).code, isWanted ? 1 : 0, sizes)
    assert.equal(verified(cosigned, { keys: line(sizes) }).code, 0, sizes)
    assert.equal(verified(cosigned, { keys: line(sizes), witnesses: '1' }).code, counts ? 0 : 1, sizes)
  }
  assert.equal(verified(plain, { keys: line(' 2 1') }).code, 2)
  const { said } = verified(plain, { keys: line(' 1 -') })
  assert.match(
    said,
    /cosignatures of 0 witnesses, and 1 must have cosigned\. Ask for the receipt anew.*--witnesses 0 takes it as it is/,
  )
})

test('a message is compared with what the detail commits to, as it is or with CRLF for each line end, and the answer is plain (G14)', () => {
  const sent = Buffer.from('Subject: caf\u00e9\r\n\r\nOne.\r\nTwo.\r\n')
  const commitment = contentCommitment(hash('sha256', sent, 'buffer'))
  const lf = sent.toString().replaceAll('\r\n', '\n')
  for (const [part, words] of [
    ['submitted', 'as it was submitted'],
    ['delivered', 'as it was delivered'],
    ['content', 'as it was put into the mailbox'],
  ] as const) {
    const receipt = receiptOf({ detail: { [part]: commitment } })
    const last = (message: Buffer | string) => {
      const { code, lines } = verified(receipt, { message })
      assert.match(lines[0]!, /^GOOD: /)
      return [code, lines.at(-1)]
    }
    assert.deepEqual(last(sent), [0, `The file is the message ${words}, octet for octet.`])
    assert.deepEqual(last(lf), [0, `The file is the message ${words}, octet for octet once each of its lines ends with CRLF.`])
    for (const other of ['', 'x', `${lf} `, lf.replace('One', 'Own'), `Received: x\n${lf}`]) {
      const [code, said] = last(other)
      assert.equal(code, 1)
      assert.match(String(said), new RegExp(`^NOT THE MESSAGE: the file is not the message ${words}, neither as it is nor`))
    }
  }
  const none: Canonical[] = [{ reason: 'x' }, { submitted: null }, { submitted: { salt: 'x', sha256: 'x' } }]
  for (const detail of none) {
    const { code, lines } = verified(receiptOf({ detail }), { message: sent })
    assert.deepEqual([code, lines.at(-1)], [2, 'NOT COMPARED: this record commits to no message.'])
  }
  const changed = { ...receiptOf({ detail: { submitted: commitment } }), index: 1 }
  assert.deepEqual(verified(changed, { message: sent }).lines, ['NOT GOOD: the record is not in the tree of the checkpoint.'])
})
