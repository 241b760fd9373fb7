// The content store: durable before put returns, nothing there when it throws, drafts of a crash found by the sweep.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { newId } from '#base/ids.ts'
import { type ContentStore, openContentStore } from '#store/content-store.ts'

let root = ''
let store: ContentStore
const roots: string[] = []
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cjsm-content-'))
  roots.push(root)
  store = openContentStore(root)
})
after(() => Promise.all(roots.map((path) => rm(path, { recursive: true }))))

async function* of(...pieces: Buffer[]) {
  for (const piece of pieces) yield Buffer.from(piece)
}
async function listed() {
  const found = []
  for await (const { month, id, draft } of store.list()) found.push({ month, id, draft })
  return found
}

test('what is put is read back at any place, and less at the end', async () => {
  const id = newId(Date.now())
  const [one, two] = [randomBytes(100_000), randomBytes(55)]
  assert.equal(await store.put(24_300, id, of(one, two)), 100_055)
  const whole = Buffer.concat([one, two])
  for (const [from, length] of [
    [0, 100_055],
    [99_990, 30],
    [100_050, 100],
    [100_055, 10],
    [200_000, 10],
    [5, 0],
  ] as const) {
    assert.deepEqual(await store.readAt(24_300, id, from, length), whole.subarray(from, from + length))
  }
})

test('files and folders are for their owner alone', async () => {
  const id = newId(Date.now())
  await store.put(24_300, id, of(Buffer.from('x')))
  const folder = join(root, '24300', id.slice(-2))
  assert.deepEqual(
    await Promise.all([folder, join(folder, id)].map(async (path) => (await stat(path)).mode & 0o777)),
    [0o700, 0o600],
  )
})

test('when the pieces end in a fault nothing is left, and the fault is passed on', async () => {
  const ours = new Error('ours')
  const broken = async function* () {
    yield randomBytes(1000)
    throw ours
  }
  const id = newId(Date.now())
  await assert.rejects(store.put(24_300, id, broken()), ours)
  assert.deepEqual(await listed(), [])
  await assert.rejects(store.readAt(24_300, id, 0, 1), { code: 'ENOENT' })
})

test('while pieces come in, the object is a draft, which a crash leaves for the sweep to find and remove', async () => {
  const id = newId(Date.now())
  let seen: unknown
  const watching = async function* () {
    yield randomBytes(10)
    seen = await listed()
  }
  await store.put(24_300, id, watching())
  assert.deepEqual(seen, [{ month: 24_300, id, draft: true }])
  assert.deepEqual(await listed(), [{ month: 24_300, id, draft: false }])
  const folder = join(root, '24300', 'ff')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'left-ff.draft'), 'x')
  for await (const object of store.list()) if (object.draft) await object.remove()
  assert.deepEqual(await listed(), [{ month: 24_300, id, draft: false }])
})

test('what is removed is gone, and to remove it again is no fault', async () => {
  const id = newId(Date.now())
  await store.put(24_300, id, of(Buffer.from('x')))
  await store.remove(24_300, id)
  await store.remove(24_300, id)
  assert.deepEqual(await listed(), [])
})

test('the sweep passes over what is not the store’s, such as lost+found on a file system of its own', async () => {
  await mkdir(join(root, 'lost+found'), { mode: 0o000 })
  await writeFile(join(root, 'README'), 'not ours')
  const id = newId(Date.now())
  await store.put(24_300, id, of(Buffer.from('x')))
  assert.deepEqual(await listed(), [{ month: 24_300, id, draft: false }])
})

const program = `
  import { openContentStore } from '#store/content-store.ts'
  const store = openContentStore(process.argv[1])
  const octets = Buffer.alloc(Number(process.argv[2]), 'x')
  await store.put(1, 'object-ab', (async function* () { yield octets.subarray(0, 9000); yield octets.subarray(9000) })())
    .then(() => console.log('put'), (fault) => console.log(fault.code))
`
const asModule = ['--input-type=module-typescript', '-e', program]
const source = fileURLToPath(new URL('../..', import.meta.url))

test('a write that the system takes only in part is not taken for a whole one: put throws and nothing is there', () => {
  // A limit on file sizes stands in for a disk that is nearly full: both make write(2) take less than it was given.
  const limited = spawnSync(
    'sh',
    ['-c', 'trap "" XFSZ; ulimit -f 20; exec "$@"', 'sh', process.execPath, ...asModule, root, '20000'],
    {
      encoding: 'utf8',
      cwd: source,
    },
  )
  assert.match(limited.stdout, /^(EFBIG|ENOSPC)\n$/, limited.stderr)
  assert.equal(existsSync(join(root, '1', 'ab', 'object-ab')), false)
  assert.deepEqual(execFileSync('find', [root, '-type', 'f'], { encoding: 'utf8' }), '')
})

test('the file is synced before it gets its name, and its folders after (seen in the system calls)', async (t) => {
  if (spawnSync('sh', ['-c', 'command -v strace']).status !== 0) return t.skip('strace is not installed')
  const trace = join(root, '..', `${root.split('/').at(-1)}.trace`)
  roots.push(trace)
  const traced = spawnSync(
    'strace',
    [
      '-f',
      '-y',
      '-e',
      'trace=fsync,fdatasync,rename,renameat,renameat2',
      '-o',
      trace,
      process.execPath,
      ...asModule,
      root,
      '20000',
    ],
    { encoding: 'utf8', cwd: source },
  )
  assert.equal(traced.stdout, 'put\n', traced.stderr)
  const calls = (await readFile(trace, 'utf8')).split('\n').filter((line) => line.includes(root) && !line.includes('resumed'))
  const places = calls.map(
    (line) =>
      `${/ (\w+)\(/.exec(line)![1]} ${line.includes('.draft') ? 'draft' : line.includes('/1/ab') ? 'shelf' : line.includes('/1>') ? 'month' : 'root'}`,
  )
  assert.deepEqual(places, ['fsync draft', 'rename draft', 'fsync shelf', 'fsync month', 'fsync root'])
  assert.deepEqual(await readdir(join(root, '1', 'ab')), ['object-ab'])
})
