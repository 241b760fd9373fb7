// The assets over HTTP: their names change with them, so browsers keep them for a year. RFC 8246.
import type { Assets } from '#web/assets.ts'
import { type Route, route } from '#web/route.ts'
import { patterns } from '#web/urls.ts'

const yearSeconds = 31_536_000

export function assetRoutes(assets: Assets): Route[] {
  return [
    route({
      method: 'GET',
      url: patterns.asset,
      journey: 'assets',
      evidence: { none: 'the same for everybody' },
      who: 'anyone',
      async run(visit) {
        const found =
          visit.params.build === assets.build
            ? await assets.find(visit.params['*'] ?? '', visit.header('accept-encoding') ?? '')
            : null
        if (found === null) return { kind: 'not-found' }
        visit.setHeader('cache-control', `public, max-age=${yearSeconds}, immutable`)
        visit.setHeader('vary', 'accept-encoding')
        if (found.encoding !== null) visit.setHeader('content-encoding', found.encoding)
        return { kind: 'file', type: found.type, content: found.octets }
      },
    }),
  ]
}
