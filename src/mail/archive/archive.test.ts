// Archives read forwards: what real programs make, what is damaged, and what lies. T19
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { constants, createZstdCompress, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { BadCommand } from '#base/faults.ts'
import { archiveEntries, archiveKindOf, leadOctets } from '#mail/archive/archive.ts'
import { OctetReader } from '#mail/archive/octet-reader.ts'
import { maxArchiveEntries, maxPaxOctets, maxZstdWindowLog } from '#mail/limits.ts'
import { overlappingBomb, tarEnd, tarEntry, zip, zipOf } from '#test/support/archives.ts'
import { grammarRuns } from '#test/support/fuzz.ts'
import { needs } from '#test/support/instance.ts'

/** A reader that gets the octets in pieces of one size. */
function reading(octets: Buffer, piece: number): OctetReader {
  let at = 0
  return new OctetReader(async () => {
    if (at >= octets.length) return null
    at += piece
    return octets.subarray(at - piece, at)
  })
}

async function contentOf(reader: OctetReader): Promise<Buffer> {
  const pieces: Buffer[] = []
  for (let piece = await reader.take(4096); piece.length > 0; piece = await reader.take(4096)) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** The entries of an archive; those that cannot be read show their obstacle. */
async function listed(octets: Buffer, piece = 65_536): Promise<[name: string, content: string][]> {
  const reader = reading(octets, piece)
  const kind = archiveKindOf(await reader.peek(leadOctets))
  assert.ok(kind !== null, 'it is no archive')
  const found: [string, string][] = []
  for await (const entry of archiveEntries(kind, reader)) {
    found.push([entry.name, entry.obstacle ?? (await contentOf(entry.octets)).toString('latin1')])
  }
  return found
}

const folder = mkdtempSync(join(tmpdir(), 'cjsm-archives-'))
after(() => rmSync(folder, { recursive: true }))
const texts = [
  ['a/b.txt', 'A witness statement. '.repeat(500)],
  ['a/empty.txt', ''],
  ['a/PK\u00e9.txt', 'PK\x03\x04 and PK\x07\x08 stand in the text'],
] as const
mkdirSync(join(folder, 'a'))
for (const [name, text] of texts) writeFileSync(join(folder, name), text)

for (const [program, args] of [
  ['zip', ['-q', '-r', '-', 'a']],
  ['zip', ['-q', '-0', '-r', '-', 'a']],
  ['zip', ['-q', '-r', '-fz', '-', 'a']],
  ['tar', ['-cf', '-', 'a']],
  ['tar', ['-cf', '-', '--format=v7', 'a']],
  ['tar', ['-cf', '-', '--format=posix', 'a']],
] as const) {
  test(`what ${program} ${args.join(' ')} makes is read whole, however it is cut`, needs(program), async () => {
    const { stdout } = spawnSync(program, args, { cwd: folder, maxBuffer: 1e8 })
    const found = new Map(await listed(stdout))
    for (const [name, text] of texts) assert.equal(found.get(name), Buffer.from(text).toString('latin1'), name)
    assert.equal(found.size, texts.length + 1, 'and the folder')
    for (const piece of [1, 7, 513]) assert.deepEqual(new Map(await listed(stdout, piece)), found)
  })
}

test('gzip and Zstandard are archives without names, in several members and frames too (RFC 1952, RFC 8878)', async () => {
  for (const pack of [gzipSync, zstdCompressSync]) {
    const octets = Buffer.concat([pack('one '), pack(Buffer.alloc(200_000, 'two ')), pack('three')])
    for (const piece of [5, 100, 65_536]) {
      const found = await listed(octets, piece)
      assert.equal(found.map(([name, content]) => name + content).join(''), `one ${'two '.repeat(50_000)}three`)
    }
  }
})

test('what is no archive is none: text, pictures, short and empty octets', () => {
  const others = [
    '',
    'P',
    'PK',
    'PKs are short',
    '%PDF-1.7',
    '\x89PNG\r\n\x1a\n',
    '0'.repeat(600),
    '\0'.repeat(600),
    ' '.repeat(600),
  ]
  for (const other of others) assert.equal(archiveKindOf(Buffer.from(other, 'latin1')), null, other)
})

const inner = zipOf('inner.txt', Buffer.from('inner'))
const long64 = Buffer.from([1, 0, 16, 0, 5, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0])

test('zip files of writers with habits of their own are read', async () => {
  const content = Buffer.from('hello')
  const habits: [string, Buffer, [string, string][]][] = [
    [
      'sizes in a descriptor behind stored octets, which hold a zip file and signs of descriptors',
      zip([
        { name: 'a.zip', content: inner, isStored: true, flags: 8, hasDescriptor: true },
        { name: 'b', content: Buffer.from('PK\x07\x08'.repeat(9)), isStored: true, flags: 8, hasDescriptor: true },
      ]),
      [
        ['a.zip', inner.toString('latin1')],
        ['b', 'PK\x07\x08'.repeat(9)],
      ],
    ],
    [
      'a folder with the flag of a descriptor and none',
      zip([
        { name: 'a/', content: Buffer.alloc(0), isStored: true, flags: 8 },
        { name: 'a/b', content },
      ]),
      [
        ['a/', ''],
        ['a/b', 'hello'],
      ],
    ],
    [
      'sizes in the field for long ones (APPNOTE §4.5.3)',
      zip([{ name: 'a', content, isStored: true, extra: long64, lies: { packed: 0xffffffff, octets: 0xffffffff } }]),
      [['a', 'hello']],
    ],
    [
      'a signature block before the directory',
      zip([{ name: 'a', content, gap: Buffer.from('APK Sig Block 42') }]),
      [['a', 'hello']],
    ],
    ['a comment at the end', zip([{ name: 'a', content }], { behind: Buffer.from('of PK and others') }), [['a', 'hello']]],
    ['no entry at all', zip([]), []],
  ]
  for (const [what, octets, expected] of habits) {
    for (const piece of [1, 3, 65_536]) assert.deepEqual(await listed(octets, piece), expected, what)
  }
})

test('sizes that lie are not believed: a deflated entry ends where its octets do', async () => {
  for (const lies of [{ packed: 1, octets: 1 }, { packed: 0xfffffff0 }, { octets: 0 }])
    assert.deepEqual(await listed(zip([{ name: 'a', content: Buffer.alloc(9000, 'x'), lies }])), [['a', 'x'.repeat(9000)]])
})

test('names are read as they stand, and lead nowhere: to read is not to write', async () => {
  const before = readdirSync(folder)
  for (const name of ['../../up', '/etc/passwd', 'C:\\windows\\x', 'a\0b', '', 'x'.repeat(60_000)]) {
    assert.deepEqual(await listed(zipOf(name, Buffer.from('x'))), [[name, 'x']])
    if (name.length < 100 && !name.includes('\0') && name !== '')
      assert.deepEqual(await listed(tarEntry(name, Buffer.from('x'))), [[name, 'x']])
  }
  assert.deepEqual(readdirSync(folder), before)
})

test('an entry that is encrypted, or packed in an unknown way, says so', async () => {
  assert.deepEqual(await listed(zipOf('a', Buffer.from('secret'), 1)), [['a', 'encrypted']])
  const lzma = zipOf('a', Buffer.from('packed'))
  lzma.writeUInt16LE(14, 8)
  lzma.writeUInt16LE(14, lzma.indexOf('PK\x01\x02') + 10)
  assert.deepEqual(await listed(lzma), [['a', 'unknown-method']])
})

test('behind a damaged entry the others are still found; what is cut off ends', async () => {
  const octets = zip([
    { name: 'a', content: Buffer.from('hello '.repeat(1000)) },
    { name: 'b', content: Buffer.from('there') },
  ])
  octets.fill(0xff, 31, 40)
  const found = await listed(octets)
  assert.deepEqual(found.at(-1), ['b', 'there'])
  const whole = zip([{ name: 'a', content: Buffer.from('hello'.repeat(100)) }])
  for (let length = 4; length < whole.length; length++) await listed(whole.subarray(0, length))
  const packed = gzipSync(readFileSync(import.meta.filename))
  assert.ok((await listed(packed.subarray(0, packed.length / 2)))[0]![1].startsWith('// Archives read forwards'))
})

const entry = { name: 'a', content: Buffer.from('hello') }
for (const [what, octets] of [
  ['entries that overlap (Fifield)', overlappingBomb(3, 1000)],
  ['an entry twice', zip([entry], { copies: 2 })],
  ['an entry inside another', zip([{ ...entry, content: inner, isStored: true, lies: { offset: 31 } }])],
  ['an entry packed where its own header says stored', zip([{ ...entry, isStored: true, lies: { method: 8 } }])],
  ['a stored entry longer than its header says', stretched()],
  ['a directory elsewhere', zip([{ ...entry, content: inner, isStored: true }], { offset: 31 })],
  ['more entries than may be', zip([entry], { copies: maxArchiveEntries + 1 })],
] as const) {
  test(`a zip file whose directory tells of ${what} is no honest one`, async () => {
    await assert.rejects(listed(octets), BadCommand)
  })
}

/** The entry's own header says 5 octets, the directory 400: others would take the gap for part of it. */
function stretched(): Buffer {
  const octets = zip([{ ...entry, isStored: true, gap: Buffer.alloc(395), lies: { packed: 400, octets: 400 } }])
  octets.writeUInt32LE(5, 18)
  octets.writeUInt32LE(5, 22)
  return octets
}

test('a tar archive tells sizes in base 256 too, and goes on behind its end; sizes that are told elsewhere are refused', async () => {
  const binary = Buffer.concat([Buffer.from([0x80]), Buffer.alloc(10), Buffer.from([5])])
  const many = Buffer.concat([tarEntry('a', Buffer.from('hello'), { size: binary }), tarEnd, tarEntry('b', Buffer.from('x'))])
  assert.deepEqual(await listed(many, 100), [
    ['a', 'hello'],
    ['b', 'x'],
  ])
  const pax = (records: string) =>
    Buffer.concat([tarEntry('p', Buffer.from(records), { type: 'x' }), tarEntry('a', Buffer.from('x'))])
  assert.deepEqual(await listed(pax('18 path=a-long-one\n')), [['a', 'x']])
  assert.deepEqual(await listed(pax('x'.repeat(maxPaxOctets))), [['a', 'x']])
  const impossible = Buffer.concat([Buffer.from([0x80, 0, 0, 0]), Buffer.alloc(8, 0xff)])
  for (const octets of [
    pax('19 size=8589934592\n'),
    pax('22 GNU.sparse.major=1\n'),
    pax('x'.repeat(maxPaxOctets + 1)),
    tarEntry('a', Buffer.from('x'), { type: 'S' }),
    tarEntry('a', Buffer.from('x'), { size: impossible }),
  ])
    await assert.rejects(listed(octets), BadCommand)
})

test('whatever follows an archive’s first octets, reading it ends, and throws nothing but BadCommand', async () => {
  const pieces = ['PK\x03\x04', 'PK\x01\x02', 'PK\x05\x06', 'PK\x07\x08', '\0\0\0\0', '\xff\xff\xff\xff', '\x08\0', 'a']
  const honest = zip([entry, { ...entry, isStored: true, flags: 8, hasDescriptor: true }])
  const packed = deflateRawSync(Buffer.alloc(3000, 'abc')).toString('latin1')
  const words = fc.array(fc.constantFrom(...pieces, packed, honest.toString('latin1')), { maxLength: 30 })
  const changed = fc.array(fc.tuple(fc.nat(honest.length - 1), fc.nat(255)), { maxLength: 8 }).map((changes) => {
    const octets = Buffer.from(honest)
    for (const [at, value] of changes) octets[at] = value
    return octets
  })
  const made = words.map((all) => Buffer.from(`PK\x03\x04${all.join('')}`, 'latin1'))
  const kinds = fc.constantFrom('zip', 'tar', 'gzip', 'zstd')
  await fc.assert(
    fc.asyncProperty(fc.oneof(made, changed), kinds, fc.nat(63), async (octets, kind, split) => {
      try {
        for await (const one of archiveEntries(kind, reading(octets, split + 1))) await contentOf(one.octets)
      } catch (fault) {
        if (!(fault instanceof BadCommand)) throw fault
      }
    }),
    // Each run starts streams in other threads: a hundredth of the other grammars' runs takes as long.
    { seed: 11, numRuns: Math.ceil(grammarRuns / 100) },
  )
})

test('Zstandard windows of 8 MiB are read, and larger ones end as damage (RFC 8878 §3.1.1.1.2)', async () => {
  const pack = (windowLog: number) => {
    const engine = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: windowLog } })
    // Written without its end, so that the frame tells a window and not a size.
    engine.write(Buffer.alloc(100_000, 'x'))
    engine.end()
    return Array.fromAsync(engine as AsyncIterable<Buffer>).then((pieces) => Buffer.concat(pieces))
  }
  assert.deepEqual(await listed(await pack(maxZstdWindowLog)), [['', 'x'.repeat(100_000)]])
  assert.deepEqual(await listed(await pack(maxZstdWindowLog + 1)), [['', '']])
})
