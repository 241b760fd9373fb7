// Where everything starts: picks what this process is, and loads nothing else. `up` is the supervisor; worker, jobs, keys and setup are its children; the rest are commands.
import { OperatorFault } from '#base/faults.ts'
import { describeFault } from '#base/log.ts'
import { readConfig, SettingError } from '#config.ts'
import { isCommand, parseCommand, UsageError } from '#cli/command.ts'
import { sentencePrefix } from '#host/instance.ts'

const roles = new Set(['worker', 'jobs', 'keys', 'setup'])

// Who reads our output may leave before its end, as `head` does.
process.stdout.on('error', (fault: NodeJS.ErrnoException) => {
  if (fault.code !== 'EPIPE') throw fault
})

async function main(words: readonly string[]): Promise<number | undefined> {
  const asksForHelp = words[0] === '-h' || words.includes('--help')
  const [first = 'help', ...rest] = asksForHelp ? ['help'] : words
  if (roles.has(first)) {
    const config = readConfig(process.env)
    if (first === 'worker') await (await import('#roles/worker.ts')).runWorker(config)
    else if (first === 'jobs') await (await import('#roles/jobs.ts')).runJobs(config)
    else if (first === 'keys') await (await import('#roles/keys.ts')).runKeys(config)
    else await (await import('#roles/setup.ts')).runSetup(config)
    return undefined
  }
  if (!isCommand(first)) throw new UsageError(`${first.slice(0, 40)} is not a command.`)
  const { options, config } = parseCommand(first, rest, process.env)
  return (await import('#roles/commands.ts')).commands[first](config, options)
}

// The log that our output goes to may stand on a full file system, and a reader may go away: neither ends the service.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

/** Says what failed. A fault's own text may hold what a peer or a row said, and Node would print it: only our own sentences are shown. */
function fail(fault: unknown): void {
  const isTyped = fault instanceof SettingError || fault instanceof UsageError
  const isSentence = isTyped || fault instanceof OperatorFault
  process.stderr.write(`${sentencePrefix}${isSentence ? fault.message : `it failed: ${describeFault(fault)}`}\n`)
  process.exitCode = isTyped ? 2 : 1
}

// The roles under the supervisor put this into their logs instead: host/role.ts.
process.on('uncaughtException', (fault) => {
  if (process.listenerCount('uncaughtException') > 1) return
  fail(fault)
  process.exit()
})

try {
  const code = await main(process.argv.slice(2))
  if (code !== undefined) process.exit(code)
} catch (fault) {
  fail(fault)
  process.exit() // a role that failed to start may hold connections that would keep it alive
}
