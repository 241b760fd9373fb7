// The data folder's parts: owners, modes, short places for sockets, and no way to lead root astray.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { ownFolder, prepareFolders, refuseFoldersOfOthers, removeShortFolders, socketsFolderOf } from '#host/folders.ts'
import { serviceUser } from '#host/privileges.ts'

const base = mkdtempSync(join(tmpdir(), 'cjsm-folders-'))
chmodSync(base, 0o711)
after(() => rmSync(base, { recursive: true, force: true }))
const user = serviceUser()
const asRoot = process.getuid?.() === 0
const ownerOf = (path: string) => statSync(path).uid
const modeOf = (path: string) => statSync(path).mode & 0o777

test('the parts belong to the service, the root keys stand outside and belong to the supervisor, and twice is as once', () => {
  for (const _ of ['first', 'again']) {
    const folders = prepareFolders(join(base, 'data'), user)
    const us = process.getuid?.()
    for (const path of [folders.content, folders.spool, folders.keyring, folders.clamav, folders.tls, folders.sockets.postgres]) {
      assert.deepEqual([ownerOf(path), modeOf(path)], [user?.uid ?? us, 0o700], path)
    }
    assert.equal(existsSync(folders.postgres), false)
  }
})

test('a data folder under a closed folder is a sentence, for root', { skip: !asRoot && 'only root has a service user' }, () => {
  const closed = join(base, 'closed')
  mkdirSync(closed, { mode: 0o700 })
  assert.throws(() => prepareFolders(join(closed, 'data'), user), /cannot be reached by the service's user/)
})

test('sockets of a data folder with a long path stand in a short one, the same each time', () => {
  const long = join(base, 'a-rather-long-name-of-a-folder'.repeat(3))
  const folder = socketsFolderOf(long)
  assert.ok(Buffer.byteLength(join(folder, 'postgres')) <= 85)
  assert.equal(socketsFolderOf(long), folder)
  assert.notEqual(socketsFolderOf(`${long}x`), folder)
  assert.equal(socketsFolderOf('/var/lib/cjsm'), '/var/lib/cjsm/run')
  const folders = prepareFolders(long, user)
  assert.equal(folders.sockets.status, join(folder, 'status.sock'))
  const link = join(base, 'by-a-link')
  symlinkSync(long, link)
  assert.equal(socketsFolderOf(link), folder)
  removeShortFolders(folders)
  assert.deepEqual([existsSync(folder), existsSync(folders.run)], [false, true])
})

test('a process that gave up root finds the sockets where root put them', {
  skip: !asRoot && 'only root has a service user',
}, () => {
  const long = join(base, 'a-folder-of-root-with-a-long-name'.repeat(3))
  const folders = prepareFolders(long, user)
  const look = `import { socketsFolderOf } from ${JSON.stringify(new URL('./folders.ts', import.meta.url).href)}
    import { dropPrivileges } from ${JSON.stringify(new URL('./privileges.ts', import.meta.url).href)}
    dropPrivileges(${JSON.stringify(user)})
    process.stdout.write(socketsFolderOf(${JSON.stringify(long)}))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', look], { encoding: 'utf8' })
  assert.equal(stdout, dirname(folders.sockets.status))
  removeShortFolders(folders)
})

test('a folder that is a link, or belongs to somebody else, is not taken over', () => {
  const target = join(base, 'target')
  mkdirSync(target, { mode: 0o755 })
  const link = join(base, 'link')
  symlinkSync(target, link)
  assert.throws(() => ownFolder(link, user), /link cannot be used: .* is no folder, or is a link/)
  assert.equal(modeOf(target), 0o755)
  if (!asRoot) return
  chownSync(target, 65534, 65534)
  assert.throws(() => ownFolder(target, user), /belongs to somebody else/)
})

test('a folder that is not empty and not ours is refused with a sentence, and is left as it is', () => {
  const at = (name: string, ...holds: string[]) => {
    const folder = join(base, 'given', name)
    mkdirSync(folder, { recursive: true, mode: 0o555 })
    for (const one of holds) mkdirSync(join(folder, one))
    return folder
  }
  const none = join(base, 'given', 'none')
  const check = (dataFolder: string, keyFolder = none) => refuseFoldersOfOthers({ dataFolder, keyFolder })
  const theirs = at('theirs', 'log', 'run', 'lib')
  for (const [work, kind] of [
    [() => check(theirs), 'data folder'],
    [() => check(none, theirs), 'key folder'],
    [() => check(at('content-alone', 'content', 'pictures')), 'data folder'],
  ] as const)
    assert.throws(work, {
      name: 'OperatorFault',
      message: new RegExp(
        `is not empty, and is no ${kind} of this service\\. Give an empty folder, or one that does not exist\\.$`,
      ),
    })
  assert.deepEqual([modeOf(theirs), readdirSync(theirs), existsSync(none)], [0o555, ['lib', 'log', 'run'], false])
  check(none)
  check(at('empty'), at('empty-keys'))
  check(at('a-file-system', 'lost+found'))
  check(at('cut-short', 'log', 'run'))
  check(at('restored', 'postgres', 'content', 'tls', 'keyring'), at('restored-keys', 'root.key'))
  check(at('later', 'content', 'keyring', 'what-a-later-version-keeps'), at('anchor-alone', 'service'))
})

test('a folder that cannot be made or is a file is named, with the cause', () => {
  const file = join(base, 'file')
  writeFileSync(file, '')
  assert.throws(
    () => refuseFoldersOfOthers({ dataFolder: file, keyFolder: join(base, 'none') }),
    /file cannot be used: it, or what/,
  )
  assert.throws(() => ownFolder(file, null), {
    name: 'OperatorFault',
    message: `The folder ${file} cannot be used: it is a file, and no folder.`,
  })
  assert.throws(() => ownFolder(join(file, 'data'), null), /cannot be used: it, or what stands above it, is no folder/)
})
