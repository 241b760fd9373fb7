// Where everything starts: picks what this process is, and loads nothing else. `up` is the supervisor; worker, jobs, keys and setup are its children; the rest are commands.
import { readConfig, SettingError } from '#config.ts'
import { isCommand, parseCommand, UsageError } from '#cli/command.ts'

const roles = new Set(['worker', 'jobs', 'keys', 'setup'])

// Who reads our output may leave before its end, as `head` does.
process.stdout.on('error', (fault: NodeJS.ErrnoException) => {
  if (fault.code !== 'EPIPE') throw fault
})

async function main(words: readonly string[]): Promise<number | undefined> {
  const [first = 'help', ...rest] = words
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

try {
  const code = await main(process.argv.slice(2))
  if (code !== undefined) process.exitCode = code
} catch (fault) {
  if (!(fault instanceof SettingError || fault instanceof UsageError)) throw fault
  process.stderr.write(`cjsm: ${fault.message}\n`)
  process.exitCode = 2
}
