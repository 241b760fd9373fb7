// `witness`: runs a witness for somebody's log, on a machine of its own, until it is stopped. C2SP tlog-witness
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { systemClock } from '#base/clock.ts'
import { randomOctets } from '#base/ids.ts'
import { newLog } from '#base/log.ts'
import { type Options, UsageError, needed } from '#cli/command.ts'
import { readLogKeys, serveWitness } from '#evidence/witness.ts'
import { claimInstance } from '#host/instance.ts'
import { isKeyName } from '#keys/note.ts'

/** Serves until SIGTERM or SIGINT; prints its public key and where it listens. */
export async function runWitness(options: Options, print: (text: string) => void): Promise<number> {
  const given = needed(options, 'log-key')
  const origin = needed(options, 'origin')
  const logKeys = async () => readLogKeys(existsSync(given) ? await readFile(given, 'utf8') : given)
  const known = await logKeys().catch((fault: Error) => {
    throw new UsageError(fault.message)
  })
  if (!known.some(({ verifier }) => verifier.name === origin))
    throw new UsageError(
      `No key of --log-key is of ${origin}: --origin is the log’s name, which stands before the first + of its key (${known[0]!.verifier.name}).`,
    )
  const [, host = '0.0.0.0', digits = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(needed(options, 'listen')) ?? []
  if (digits === '' || Number(digits) > 65_535) throw new UsageError('--listen is PORT or ADDRESS:PORT.')
  const name = options.values.get('name') ?? `witness-${randomOctets(4).toString('hex')}`
  if (!isKeyName(name)) throw new UsageError('A key is named without spaces and plus signs.')
  const folder = needed(options, 'data')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const claim = await claimInstance(folder)
  if (claim.kind === 'running') throw new UsageError(`A witness runs on ${folder} already, as process ${claim.pid}.`)
  const { verifier, server } = await serveWitness(
    {
      folder,
      name,
      origin,
      logKeys,
      clock: systemClock,
      log: newLog('info', { process: 'witness' }),
    },
    host,
    Number(digits),
  )
  const address = server.address()
  print(`Witness ${verifier}\nlistens on ${host}:${typeof address === 'object' ? address?.port : ''} for ${origin}`)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => server.close())
  await once(server, 'close')
  claim.release()
  return 0
}
