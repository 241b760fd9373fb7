// The web face as one Fastify application: a table of contents of what happens to a request, in order, and of the journeys. Nothing else is registered anywhere.
// A journey is a folder with routes.ts (a function from WebDoors to routes made by route(), route.ts), view.ts, *.njk and tests; its handlers return values (answers.ts).
import Fastify, { type FastifyInstance, type FastifyServerFactory } from 'fastify'
import type { Clock } from '#base/clock.ts'
import { randomOctets } from '#base/ids.ts'
import type { Log } from '#base/log.ts'
import type { Metrics } from '#base/metrics.ts'
import { openAssets } from '#web/assets.ts'
import { assetRoutes } from '#web/assets-routes.ts'
import { newAttendant } from '#web/attend.ts'
import type { WebDoors } from '#web/doors.ts'
import { formsAndUploads } from '#web/bodies.ts'
import { helpdeskRoutes } from '#web/helpdesk/routes.ts'
import { helpRoutes } from '#web/help/routes.ts'
import { maxFormOctets } from '#web/limits.ts'
import type { Lobby } from '#web/lobby.ts'
import type { Brand } from '#web/brand.ts'
import { newRender } from '#web/render.ts'
import type { Route } from '#web/route.ts'
import { rulesRoutes } from '#web/rules/routes.ts'
import { signInRoutes } from '#web/sign-in/routes.ts'
import { awayRoutes } from '#web/webmail/away/routes.ts'
import { composeRoutes } from '#web/webmail/compose/routes.ts'
import { heldRoutes } from '#web/webmail/held/routes.ts'
import { folderRoutes } from '#web/webmail/folders/routes.ts'
import { reportRoutes } from '#web/webmail/report/routes.ts'
import { messageRoutes } from '#web/webmail/message/routes.ts'

export interface AppParts {
  readonly doors: WebDoors
  readonly lobby: Lobby
  readonly helpdesk: string
  /** The plain one when left out. */
  readonly brand?: Brand
  /** Whether the certificate is one that others vouch for (HSTS). */
  readonly strictTransport: boolean
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

/** The journeys: every route of the face. */
export function routesOf(doors: WebDoors): Route[] {
  return [
    ...signInRoutes(doors),
    ...folderRoutes(doors),
    ...messageRoutes(doors),
    ...reportRoutes(doors),
    ...composeRoutes(doors),
    ...heldRoutes(doors),
    ...awayRoutes(doors),
    ...helpRoutes(doors),
    ...helpdeskRoutes(doors),
    ...rulesRoutes(doors),
  ]
}

/** Builds the application on a server that `serverFactory` makes; it listens to nothing by itself. */
export async function newApp(parts: AppParts, serverFactory: FastifyServerFactory): Promise<FastifyInstance> {
  const assets = openAssets(parts.brand)
  const attendant = newAttendant({ ...parts, render: newRender(parts.brand), assets })
  const app = Fastify({
    bodyLimit: maxFormOctets,
    exposeHeadRoutes: false,
    trustProxy: false,
    requestIdHeader: false,
    genReqId: () => randomOctets(8).toString('hex'), // the reference that a page of a fault shows
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 100 },
    frameworkErrors: (fault, request, reply) => void attendant.problem(fault, request, reply),
    serverFactory,
  })

  await formsAndUploads(app)
  app.addHook('onRequest', attendant.begin) //        header fields, the country (T21), how many requests
  for (const one of [...routesOf(parts.doors), ...assetRoutes(assets)]) attendant.register(app, one)
  attendant.refuseOtherMethods(app)
  app.setNotFoundHandler(attendant.notFound)
  app.setErrorHandler((fault, request, reply) => attendant.problem(fault, request, reply))
  app.addHook('onResponse', attendant.end) //         log and metrics
  await app.ready()
  return app
}
