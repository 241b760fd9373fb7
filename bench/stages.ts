// Where the time of a message goes in a worker, stage by stage: V8's profile (--cpu-prof), each sample given to the nearest of our files on its stack.
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runSmtpLoad, smtpLoadDefaults } from './smtp-load.ts'
import { printFigures, round, tableOf } from './support/figures.ts'
import { readOptions } from './support/options.ts'
import { serviceOptionTable, withService } from './support/service.ts'

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}
interface Profile {
  /** Microseconds of the monotonic clock that process.hrtime() reads too. */
  readonly startTime: number
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const ours = /\/src\/(.+)\.ts$/
const packages = /\/node_modules\/(?:\.[^/]+\/)?((?:@[^/]+\/)?[^/]+)\//

/** Whom a frame belongs to: a file of ours, a package, node itself, or what V8 says in parentheses (idle, garbage collector, program). */
function ownerOf({ callFrame }: ProfileNode): string | null {
  const file = ours.exec(callFrame.url)?.[1]
  if (file !== undefined) return file
  const name = packages.exec(callFrame.url)?.[1]
  if (name !== undefined) return name
  return callFrame.functionName.startsWith('(') && callFrame.functionName !== '(root)' ? callFrame.functionName : null
}

const sampleMicroseconds = 500

/** When the load ran, in microseconds of the monotonic clock. */
interface Span {
  readonly from: number
  readonly to: number
}

/** Microseconds within the span by owner, and by the function that runs (native ones under their names). */
function spentIn(
  { startTime, nodes, samples, timeDeltas }: Profile,
  span: Span,
): { byOwner: Map<string, number>; byFunction: Map<string, number> } {
  const owners = new Map<number, string>()
  const names = new Map<number, string>()
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const walk: { id: number; above: string }[] = [{ id: nodes[0]!.id, above: 'node itself' }]
  for (let next = walk.pop(); next !== undefined; next = walk.pop()) {
    const node = byId.get(next.id)!
    const owner = ownerOf(node) ?? next.above
    owners.set(node.id, owner)
    const { functionName, url, lineNumber } = node.callFrame
    const file = url.replace(/^.*\/(src|node_modules)\//, '')
    names.set(node.id, `${functionName || '(anonymous)'} ${file === '' ? `under ${next.above}` : `${file}:${lineNumber + 1}`}`)
    for (const id of node.children ?? []) walk.push({ id, above: owner })
  }
  const byOwner = new Map<string, number>()
  const byFunction = new Map<string, number>()
  let nowMicroseconds = startTime
  samples.forEach((id, at) => {
    nowMicroseconds += timeDeltas[at]!
    if (nowMicroseconds < span.from || nowMicroseconds > span.to) return
    // A longer gap is time that the process did not have the processor.
    const spent = Math.min(timeDeltas[at]!, 2 * sampleMicroseconds)
    const add = (to: Map<string, number>, name: string) => to.set(name, (to.get(name) ?? 0) + spent)
    add(byOwner, owners.get(id)!)
    add(byFunction, names.get(id)!)
  })
  return { byOwner, byFunction }
}

/** The profiles of the workers together, as milliseconds a message. */
function figuresOf(folder: string, span: Span, messages: number, workers: number, rows: number) {
  const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Profile
  const profiles = readdirSync(folder).map((name) => spentIn(read(name), span))
  const sums = { byOwner: new Map<string, number>(), byFunction: new Map<string, number>() }
  const smtp = profiles
    .filter(({ byOwner }) => byOwner.has('smtp/loop'))
    .sort((a, b) => b.byOwner.get('smtp/loop')! - a.byOwner.get('smtp/loop')!)
  for (const profile of smtp.slice(0, workers))
    for (const kind of ['byOwner', 'byFunction'] as const)
      for (const [name, spent] of profile[kind]) sums[kind].set(name, (sums[kind].get(name) ?? 0) + spent)
  const most = (of: Map<string, number>) =>
    [...of]
      .filter(([name]) => !name.startsWith('(idle)'))
      .sort((a, b) => b[1] - a[1])
      .slice(0, rows)
      .map(([name, spent]) => [name, round(spent / 1000 / messages)] as const)
  return { byOwner: most(sums.byOwner), byFunction: most(sums.byFunction) }
}

const o = readOptions('Starts the service under V8’s profiler and shows where a message’s time goes in the workers.', {
  ...serviceOptionTable,
  octets: { default: 4096, says: 'octets of a message' },
  connections: { default: 10, says: 'connections at once' },
  messages: { default: 4000, says: 'messages' },
  'warm-up': { default: 2000, says: 'messages before that' },
  rows: { default: 40, says: 'rows to print' },
  json: { default: false, says: 'print JSON' },
})
const folder = mkdtempSync(join(tmpdir(), 'cjsm-profile-'))
chmodSync(folder, 0o777)
try {
  const environment = { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder} --cpu-prof-interval=${sampleMicroseconds}` }
  await withService({ portOffset: o['port-offset'], scanner: o.scanner, workers: o.workers, environment }, async (service) => {
    const now = () => Number(process.hrtime.bigint() / 1000n)
    let from = 0
    const load = {
      ...smtpLoadDefaults,
      server: service.smtp,
      from: service.sender.address,
      to: service.others.map((person) => person.address),
      connections: o.connections,
      messages: o.messages,
      warmUp: o['warm-up'],
      octets: o.octets,
    }
    const figures = await runSmtpLoad(load, () => {
      from = now()
    })
    const span = { from, to: now() }
    await service.down()
    const { byOwner, byFunction } = figuresOf(folder, span, figures.accepted, o.workers, o.rows)
    const text = [tableOf(['file or package', 'ms a message'], byOwner), tableOf(['function', 'ms a message'], byFunction)]
    printFigures(o.json, { ...figures, byOwner, byFunction }, text.join('\n\n'))
  })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
