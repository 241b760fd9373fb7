// `test`: sees to the programs that the tests use, starts one PostgreSQL for the whole run, checks types and form, and runs every test.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { newLog } from '#base/log.ts'
import { startPostgres } from '#host/postgres.ts'
import { serviceUser } from '#host/privileges.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Debian's packages that the tests need, by the program that each brings. */
const programs: Readonly<Record<string, string>> = {
  swaks: 'swaks',
  mbsync: 'isync',
  mutt: 'mutt',
  openssl: 'openssl',
  strace: 'strace',
  sslscan: 'sslscan',
  zip: 'zip',
  faketime: 'faketime',
  chromium: 'chromium',
  spamd: 'spamd',
}
const perlModules = ['libnet-ssleay-perl', 'libio-socket-ssl-perl', 'libauthen-sasl-perl']

/** The long forms of tests: millions of cases, minutes of crowds. */
const long = process.env.CJSM_LONG === '1'
const timeoutMs = 600_000
const longTimeoutMs = 4 * 3_600_000
/** How often a property of a grammar is tried (test/support/fuzz.ts). */
const grammarRuns = long ? '1000000' : '50000'

const isThere = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0

/** Runs the tests of some files, or all with the checks of types and form; returns the exit code. */
export async function runTests(files: readonly string[], print: (text: string) => void): Promise<number> {
  if (!installPrograms(print)) return 1
  if (files.length === 0 && !check(print)) return 1
  const scratch = mkdtempSync(join(tmpdir(), 'cjsm-tests-'))
  chmodSync(scratch, 0o711) // PostgreSQL's user must be able to go through
  print('Starting the tests’ PostgreSQL ...')
  const postgres = await startPostgres({
    folder: join(scratch, 'postgres'),
    runFolder: join(scratch, 'run'),
    user: serviceUser(),
    log: newLog('silent', {}),
    settings: { fsync: 'off', max_connections: '300' },
  })
  try {
    const chosen = files.length > 0 ? files : allTests()
    print(`Running ${chosen.length} test files ...`)
    const args = [
      '--test',
      '--test-concurrency=2',
      `--test-timeout=${long ? longTimeoutMs : timeoutMs}`,
      ...(process.stdout.isTTY ? [] : ['--test-reporter=spec']),
      ...chosen,
    ]
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: 'inherit',
      env: { CJSM_TEST_GRAMMAR_RUNS: grammarRuns, ...process.env, CJSM_TEST_DATABASE: postgres.connectionString },
    })
    return await new Promise<number>((resolve) => child.on('exit', (code) => resolve(code ?? 1)))
  } finally {
    await postgres.stop('immediate')
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Every test file; those in a browser where there is one. */
function allTests(): string[] {
  const exclude = isThere('chromium') ? [] : ['test/browser/**']
  return globSync(['src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: root, exclude }).sort()
}

/** Installs what is missing, as root; as an ordinary user says which tests are left out for it. */
function installPrograms(print: (text: string) => void): boolean {
  const missing = Object.entries(programs).filter(([program]) => !isThere(program))
  if (missing.length === 0) return true
  const packages = [...missing.map(([, name]) => name), ...perlModules]
  if (process.getuid?.() !== 0) {
    print(
      `Not installed, so tests with them are left out: ${missing.map(([program]) => program).join(', ')}. As root: apt-get install -y ${packages.join(' ')}`,
    )
    return true
  }
  print(`Installing ${packages.join(', ')} ...`)
  const apt = (...args: string[]) =>
    spawnSync('apt-get', args, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, encoding: 'utf8' })
  apt('update')
  const installed = apt('install', '-y', '--no-install-recommends', ...packages)
  if (installed.status !== 0) print(`apt-get install failed: ${installed.stderr.slice(-500)}`)
  return installed.status === 0
}

function check(print: (text: string) => void): boolean {
  print('Checking types and form ...')
  const types = spawnSync(process.execPath, [join(root, 'node_modules/.bin/tsc'), '--noEmit', '-p', root], {
    cwd: root,
    stdio: 'inherit',
  })
  const biome = join(root, `node_modules/@biomejs/cli-linux-${process.arch}/biome`)
  const form = spawnSync(biome, ['check', '--error-on-warnings', '.'], { cwd: root, stdio: 'inherit' })
  return types.status === 0 && form.status === 0
}
