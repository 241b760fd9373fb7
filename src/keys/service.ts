// The key process's socket: one JSON request a line, one JSON answer a line, over a Unix socket that only the service's own user can open.
import { chmod, unlink } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { type Log, describeFault } from '#base/log.ts'
import { purposes } from '#keys/epoch.ts'
import type { Keeper } from '#keys/keeper.ts'
import type { LogKeeper } from '#keys/log-keys.ts'
import { maxNoteOctets } from '#keys/note.ts'

const Holder = Type.String({ pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' })
const Named = { holder: Holder, purpose: Type.Enum(purposes), month: Type.Integer({ minimum: 0, maximum: 65_535 }) }
const Generation = Type.Integer({ minimum: 1, maximum: 65_535 })

/** How many keys one request may ask for. */
export const maxWanted = 1000
/** How many hashes a proof may have that a checkpoint extends the anchor. */
const maxConsistencyHashes = 63

/** What may be asked of the key process; `n` numbers the request, so that answers may come in any order. */
export const Request = Type.Union([
  Type.Object({
    n: Type.Integer(),
    ask: Type.Literal('current'),
    wanted: Type.Array(Type.Object(Named), { maxItems: maxWanted }),
  }),
  Type.Object({
    n: Type.Integer(),
    ask: Type.Literal('read'),
    wanted: Type.Array(Type.Object({ ...Named, generation: Generation }), { maxItems: maxWanted }),
  }),
  Type.Object({
    n: Type.Integer(),
    ask: Type.Literal('destroy'),
    wanted: Type.Array(Type.Object({ ...Named, generation: Generation }), { maxItems: maxWanted }),
  }),
  Type.Object({
    n: Type.Integer(),
    ask: Type.Literal('log'),
    act: Type.Enum([
      'sign',
      'verifiers',
      'rotate',
      'anchor',
      'keepAnchor',
      'keepShown',
      'regard',
      'acceptRollback',
      'rotateRoot',
      'rotation',
    ] as const satisfies (keyof LogKeeper)[]),
    text: Type.String({ maxLength: maxNoteOctets }),
    proof: Type.Array(Type.String({ pattern: '^[A-Za-z0-9+/]{43}=$' }), { maxItems: maxConsistencyHashes }),
  }),
])
export type Request = Type.Static<typeof Request>

const Numbered = Type.Object({ n: Type.Integer() })

/** Keys in hexadecimal, null for a destroyed one; what an act of the log gave; or a fault without its text. */
export type Answer =
  | { n: number; keys: ({ generation: number; key: string } | null)[] }
  | { n: number; gave: unknown }
  | { n: number; fault: true }

/** Serves a keeper, and the log's where there is one, on a Unix socket of mode 0600. */
export async function serveKeys(keeper: Keeper, path: string, log: Log, logKeeper?: LogKeeper): Promise<Server> {
  await unlink(path).catch(() => {})
  const server = createServer((socket) => converse(socket, keeper, log, logKeeper))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
  await chmod(path, 0o600)
  return server
}

function converse(socket: Socket, keeper: Keeper, log: Log, logKeeper: LogKeeper | undefined): void {
  socket.on('error', () => socket.destroy())
  const lines = createInterface({ input: socket })
  lines.on('error', () => socket.destroy()) // it passes the socket’s on; unheard, that would end the key process
  lines.on('line', async (line) => {
    let n = -1
    try {
      const request: unknown = JSON.parse(line)
      if (Value.Check(Numbered, request)) n = request.n
      if (!Value.Check(Request, request)) throw new Error('a request that is none')
      const answered: Answer =
        request.ask === 'log'
          ? { n, gave: (await logKeeper?.[request.act](request.text, fromBase64(request.proof))) ?? null }
          : { n, keys: await answer(keeper, request) }
      socket.write(`${JSON.stringify(answered)}\n`)
    } catch (fault) {
      log.error({ fault: describeFault(fault) }, 'a request for keys failed')
      socket.write(`${JSON.stringify({ n, fault: true } satisfies Answer)}\n`)
    }
  })
}

const fromBase64 = (proof: readonly string[]) => proof.map((hash) => Buffer.from(hash, 'base64'))

async function answer(
  keeper: Keeper,
  request: Exclude<Request, { ask: 'log' }>,
): Promise<({ generation: number; key: string } | null)[]> {
  if (request.ask === 'destroy') {
    await Promise.all(request.wanted.map((epoch) => keeper.destroy(epoch)))
    return []
  }
  const found = request.ask === 'current' ? await keeper.current(request.wanted) : await keeper.read(request.wanted)
  return found.map((epoch) => (epoch === null ? null : { generation: epoch.generation, key: epoch.key.export().toString('hex') }))
}
