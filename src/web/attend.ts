// What happens to one request: who it is of, whether it may, what the handler says, and how that is answered. Faults are met here, once.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Counter, Histogram } from 'prom-client'
import type { Clock } from '#base/clock.ts'
import { describeFault, type Log } from '#base/log.ts'
import type { Metrics } from '#base/metrics.ts'
import { Arrivals } from '#net/arrivals.ts'
import { Crowd } from '#net/crowd.ts'
import { netLimits } from '#net/limits.ts'
import { networkOf, remoteAddressOf } from '#net/remote-address.ts'
import type { Answer } from '#web/answers.ts'
import { formOf } from '#web/bodies.ts'
import { beganHere } from '#web/csrf.ts'
import type { WebDoors } from '#web/doors.ts'
import { keptForm } from '#web/kept-form.ts'
import { securityHeader } from '#web/headers.ts'
import { largeFormsOfNetwork, largeFormsOfStrangers, requestsAtOnce, requestsPerSecond, smallFormOctets } from '#web/limits.ts'
import { goOnPage, pageOfThrown, problemPage, refusalPage } from '#web/problems.ts'
import { type ReplyParts, sendAnswer } from '#web/reply.ts'
import type { PersonVisit, Route, Visit } from '#web/route.ts'
import { Presence } from '#web/session.ts'
import { type UploadPart, readParts } from '#web/upload.ts'
import { urls } from '#web/urls.ts'

export interface AttendantParts extends ReplyParts {
  readonly doors: WebDoors
  readonly strictTransport: boolean
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

export function newAttendant(parts: AttendantParts) {
  const { doors, log, lobby } = parts
  const header = securityHeader(parts.strictTransport)
  const visitors = new Arrivals({ ...netLimits, arrivalsPerNetwork: requestsAtOnce, arrivalsPerSecond: requestsPerSecond })
  const largeForms = new Crowd(largeFormsOfStrangers, largeFormsOfNetwork)
  const registered = new Map<string, Set<string>>()
  const presences = new WeakMap<FastifyRequest, Presence>()
  const series = seriesOf(parts.metrics)

  const send = (request: FastifyRequest, reply: FastifyReply, answer: Answer) =>
    sendAnswer(parts, request, reply, presences.get(request) ?? null, answer)

  /** Whether a session, or a network of strangers, has a request left. */
  const hasRequestLeft = (request: FastifyRequest, presence: Presence) => {
    const visitor = presence.session === null ? networkOf(remoteAddressOf(request.raw.socket)) : `session/${presence.session.id}`
    return visitors.enter(visitor, parts.clock.monotonic())
  }

  /** Who asks, and what they are told before anything of a body is read; null to go on. So a stranger's costs no memory. */
  async function answerAtOnce(route: Route | null, request: FastifyRequest, reply: FastifyReply): Promise<Answer | null> {
    const presence = new Presence(doors, request)
    presences.set(request, presence)
    await presence.read(route?.isPassive !== true && !isOfScript(request))
    if (!hasRequestLeft(request, presence)) {
      reply.header('retry-after', '60')
      return problemPage(429)
    }
    if (route?.method !== 'POST' || presence.session !== null) return null
    if (route.who === 'signed-in' && presence.found?.kind !== 'expired')
      return strangersAnswer(route, request, presence, new URLSearchParams())
    return route.who === 'signed-in' || hasRoomForForm(request, reply) ? null : problemPage(429)
  }

  /** Of what strangers send, only a form that was cut off is large: few of those are read at a time. */
  function hasRoomForForm(request: FastifyRequest, reply: FastifyReply): boolean {
    const octets = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY)
    if (octets <= smallFormOctets) return true
    const network = networkOf(remoteAddressOf(request.raw.socket))
    if (!largeForms.enter(network)) return false
    reply.raw.once('close', () => largeForms.leave(network))
    return true
  }

  /** What the request is answered with. */
  async function answerTo(route: Route, request: FastifyRequest, reply: FastifyReply): Promise<Answer> {
    const upload = route.body === 'upload' ? await readParts(request) : null
    try {
      return await answerForm(route, request, reply, upload)
    } finally {
      void upload?.parts.return(undefined) // what was not read of it is passed over
    }
  }

  async function answerForm(route: Route, request: FastifyRequest, reply: FastifyReply, upload: Upload | null): Promise<Answer> {
    const presence = presences.get(request)!
    const form = formOf(request)
    if (route.method === 'POST') {
      const token = upload === null ? form.get('csrf') : upload.token
      if (!beganHere(request.headers) || token === null || !(await presence.isToken(token))) return problemPage(403)
      form.delete('csrf')
    }
    const visit = visitOf(request, reply, presence, form, upload?.parts ?? null)
    if (route.who === 'anyone') return route.run(visit)
    const { session } = presence
    if (session === null) return strangersAnswer(route, request, presence, form)
    if (route.isForOfficers === true && !session.isOfficer) return { kind: 'not-found' }
    lobby.signedIn(request.raw.socket)
    const { account, computer, address } = session.who
    const reader = { holder: account, computer, address }
    const isStillSignedIn = async () => {
      const later = new Presence(doors, request)
      await later.read(false)
      return later.session !== null
    }
    return route.run({ ...visit, session, reader, isStillSignedIn } satisfies PersonVisit)
  }

  /** A stranger at a route of somebody's: to the sign-in page, with the way back, and with the form that was cut off. */
  async function strangersAnswer(
    route: Route,
    request: FastifyRequest,
    presence: Presence,
    form: URLSearchParams,
  ): Promise<Answer> {
    const { found } = presence
    if (found?.kind === 'refused') return refusalPage(found.refusal)
    if (route.method === 'POST') {
      if (found?.kind !== 'expired' || route.whenExpired !== 'keep') return problemPage(401)
      return keptForm(doors, found.session, request.url, form)
    }
    // A link on another site: the browser keeps our strict cookies to itself, and sends them when one goes on from a page of ours.
    if (found === null && request.headers['sec-fetch-site'] === 'cross-site') return goOnPage(request.url)
    if (isOfScript(request)) return problemPage(401) // it must not take the sign-in page for its answer
    return { kind: 'redirect', to: urls.signIn(request.url) }
  }

  async function problem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { page, isFault } = pageOfThrown(thrown, request.id)
    if (isFault)
      log.error(
        { request: request.id, route: request.routeOptions?.url ?? '', fault: describeFault(thrown) },
        'a request ended by a fault',
      )
    reply.headers(header)
    try {
      return await send(request, reply, page)
    } catch {
      // The page itself needs what is broken: it is shown as to a stranger.
      return sendAnswer(parts, request, reply, null, page)
    }
  }

  return {
    problem,
    register(app: FastifyInstance, route: Route): void {
      const known = registered.get(route.url) ?? new Set()
      registered.set(route.url, known.add(route.method))
      app.route({
        method: route.method,
        url: route.url,
        config: { stated: route },
        ...(route.maxOctets === undefined ? {} : { bodyLimit: route.maxOctets }),
        handler: async (request, reply) => send(request, reply, await answerTo(route, request, reply)),
      })
    },
    /** A method that a URL does not know is 405, with those that it knows. */
    refuseOtherMethods(app: FastifyInstance): void {
      for (const [url, known] of registered) {
        const others = methods.filter((method) => !known.has(method))
        app.route({
          method: others,
          url,
          handler: (request, reply) => send(request, reply.header('allow', [...known].join(', ')), problemPage(405)),
        })
      }
    },
    async begin(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
      reply.headers(header)
      const refusal = lobby.refusalOf(request.raw.socket)
      if (refusal === null) {
        const answer = await answerAtOnce(statedOf(request), request, reply)
        return answer === null ? undefined : send(request, reply, answer)
      }
      log.info(
        { request: request.id, remoteAddress: remoteAddressOf(request.raw.socket), clause: refusal.clause },
        'connection refused',
      )
      return send(request, reply.header('connection', 'close'), refusalPage(refusal))
    },
    notFound: (request: FastifyRequest, reply: FastifyReply) => send(request, reply, { kind: 'not-found' }),
    async end(request: FastifyRequest, reply: FastifyReply): Promise<void> {
      const route = request.routeOptions?.url ?? 'none'
      series.requests.inc({ route, status: `${reply.statusCode}` })
      series.seconds.observe({ route }, reply.elapsedTime / 1000)
      log.debug(
        { request: request.id, route, method: request.method, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
        'request',
      )
    },
  }
}

/** True for what a page gets by itself, as a list does when mail comes: nobody need be there. */
function isOfScript({ method, headers }: FastifyRequest): boolean {
  const mode = headers['sec-fetch-mode']
  return method === 'GET' && mode !== undefined && mode !== 'navigate'
}

type Upload = Awaited<ReturnType<typeof readParts>>

/** The route of a request, or null where its URL or method has none. */
const statedOf = (request: FastifyRequest): Route | null =>
  (request.routeOptions?.config as { stated?: Route } | undefined)?.stated ?? null

function visitOf(
  request: FastifyRequest,
  reply: FastifyReply,
  presence: Presence,
  form: URLSearchParams,
  upload: AsyncGenerator<UploadPart> | null,
): Visit {
  const at = request.url.indexOf('?')
  return {
    params: request.params as Record<string, string>,
    query: new URLSearchParams(at < 0 ? '' : request.url.slice(at)),
    form,
    upload,
    presence,
    remoteAddress: remoteAddressOf(request.raw.socket),
    cookie: (name) => presence.cookie(name),
    setCookie: (name, value, options) => presence.setCookie(name, value, options),
    setHeader: (name, value) => void reply.header(name, value),
    header: (name) => request.headers[name]?.toString() ?? null,
  }
}

function seriesOf(metrics: Metrics): { requests: Counter; seconds: Histogram } {
  const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]
  return {
    requests: metrics.counter('cjsm_web_requests_total', 'Requests of webmail by route and status', ['route', 'status']),
    seconds: metrics.histogram('cjsm_web_request_seconds', 'How long requests of webmail took, by route', buckets, ['route']),
  }
}
