// `witness`: runs a witness for somebody's log, on a machine of its own, until it is stopped. C2SP tlog-witness
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { systemClock } from '#base/clock.ts'
import { newLog } from '#base/log.ts'
import { type Options, UsageError, needed } from '#cli/command.ts'
import { readLogKeys, serveWitness } from '#evidence/witness.ts'
import { isKeyName } from '#keys/note.ts'

/** Serves until SIGTERM or SIGINT; prints its public key and where it listens. */
export async function runWitness(options: Options, print: (text: string) => void): Promise<number> {
  const given = needed(options, 'log-key')
  const logKeys = async () => readLogKeys(existsSync(given) ? await readFile(given, 'utf8') : given)
  await logKeys().catch((fault: Error) => {
    throw new UsageError(fault.message)
  })
  const [, host = '0.0.0.0', digits = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(needed(options, 'listen')) ?? []
  if (digits === '' || Number(digits) > 65_535) throw new UsageError('--listen is PORT or ADDRESS:PORT.')
  const name = options.values.get('name') ?? 'witness'
  if (!isKeyName(name)) throw new UsageError('A key is named without spaces and plus signs.')
  const { verifier, server } = await serveWitness(
    {
      folder: needed(options, 'data'),
      name,
      origin: needed(options, 'origin'),
      logKeys,
      clock: systemClock,
      log: newLog('info', { process: 'witness' }),
    },
    host,
    Number(digits),
  )
  const address = server.address()
  print(
    `Witness ${verifier}\nlistens on ${host}:${typeof address === 'object' ? address?.port : ''} for ${needed(options, 'origin')}`,
  )
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => server.close())
  await once(server, 'close')
  return 0
}
