// What newcomers and operators paste works: the three things that `up` prints, and every `sh` block of the README and of the operator's guide.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { order } from '#order.ts'
import { needs, startInstance } from '#test/support/instance.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'cjsm-readme-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
const instance = await startInstance()
const environment = { ...process.env, HOME: scratch, TERM: 'xterm', CJSM_DATA_FOLDER: instance.data }

/** The three commands that `up` prints, as they stand there. */
const pasted = instance.said
  .split('\n\n')
  .map((block) => block.replace(/^\n/, ''))
  .filter((block) => /^ +(swaks|mutt) /.test(block))

function shell(command: string, cwd: string) {
  const { status, stdout, stderr } = spawnSync('sh', ['-eu'], {
    input: command,
    encoding: 'utf8',
    cwd,
    env: environment,
    timeout: 60_000,
  })
  return { status, said: stdout + stderr }
}

const blocksOf = (page: string) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```sh\n(.*?)^```$/gms)].map((block) => block[1]!)

test('what up prints stands within 120 columns', () => {
  assert.deepEqual(
    instance.said.split('\n').filter((line) => line.length > 120),
    [],
  )
  assert.equal(pasted.length, 3, instance.said)
})

test('G06 the first thing to try, pasted anywhere: the prosecutor’s marked message is delivered', needs('swaks'), () => {
  const { status, said } = shell(pasted[0]!, '/')
  assert.equal(status, 0, said)
  assert.match(said, /250 2\.0\.0 Delivered to 1; receipt/)
})

/** Runs a command under a terminal, and types each key once the screen has shown what is awaited. */
async function atTerminal(command: string, steps: readonly (readonly [shown: RegExp, key: string])[]): Promise<string> {
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: '/',
    env: { ...environment, COLUMNS: '120', LINES: '40' },
  })
  const timer = setTimeout(() => child.kill(), 45_000)
  const left = [...steps]
  let screen = ''
  for await (const chunk of child.stdout) {
    screen += chunk
    if (left[0]?.[0].test(screen) !== true) continue
    screen = ''
    child.stdin.write(left.shift()![1])
  }
  clearTimeout(timer)
  assert.deepEqual(left, [], screen)
  return screen
}

test('the second thing to try: the solicitor reads it in mutt', needs('mutt'), async () => {
  await atTerminal(pasted[1]!, [
    [/disclosure/, '\r'],
    [/The schedule is attached.*1\. Notebook/s, 'q'],
    [/disclosure/, 'q'],
  ])
})

test('G07 the third thing to try: her own RESTRICTED is refused, citing the clause and the Helpdesk', needs('swaks'), () => {
  const { status, said } = shell(pasted[2]!, '/')
  assert.notEqual(status, 0)
  assert.match(said, /550[ -]5\.7\.1 \[G07\]/)
  assert.match(said, /Helpdesk/)
})

test('the README’s commands work, in their order', needs('mbsync'), () => {
  const blocks = blocksOf('README.md')
  assert.equal(blocks.length, 2)
  for (const block of blocks) {
    const { status, said } = shell(block, root)
    assert.equal(status, 0, `${block}\n${said}`)
  }
  const inbox = join(scratch, 'cjsm-mail', 'INBOX')
  const files = ['new', 'cur'].flatMap((part) => readdirSync(join(inbox, part)).map((name) => join(inbox, part, name)))
  assert.ok(files.some((file) => readFileSync(file, 'utf8').includes('The schedule is attached')))
})

test('the operator’s guide’s commands work, in their order', () => {
  const blocks = blocksOf('docs/operating.md')
  assert.equal(blocks.length, 6)
  for (const block of blocks) {
    const { status, said } = shell(block, root)
    assert.equal(status, 0, `${block}\n${said}`)
  }
  const accounts = JSON.parse(instance.cjsm('accounts', '--json').stdout) as { userName: string; state: string }[]
  assert.equal(accounts.find((one) => one.userName === 'nell.okafor')?.state, 'active')
})

test('every file that README and documents link to is there', () => {
  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    'CHANGES.md',
    ...readdirSync(join(root, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ]
  const missing = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/\]\(([\w./-]+)\)/g)]
      .map((link) => join(page, '..', link[1]!))
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `${page}: ${path}`),
  )
  assert.deepEqual(missing, [])
})

test('the README’s table names every folder of src, in their order', () => {
  const table = readFileSync(join(root, 'README.md'), 'utf8')
  const named = [...table.matchAll(/`src\/(\w+)\/`/g)].map((match) => match[1]!)
  assert.deepEqual(named, order.flat())
})
