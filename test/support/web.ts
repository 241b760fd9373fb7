// A browser without a screen: requests to the web face by injection, with a jar of cookies, and the few things that a page's text tells.
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import type { DemoPerson } from '#cli/demonstration.ts'

export interface WebVisitor {
  /** The cookies that it holds, by name. */
  readonly jar: Map<string, string>
  get(url: string, headers?: Record<string, string>): Promise<LightMyRequestResponse>
  /** Sends a form; without `csrf` among the fields, the token of the page that was last got. */
  post(
    url: string,
    fields?: Record<string, string | readonly string[]>,
    headers?: Record<string, string>,
  ): Promise<LightMyRequestResponse>
  /** Follows the redirects of an answer, and gives the page at their end. */
  follow(answer: LightMyRequestResponse): Promise<LightMyRequestResponse>
  /** Signs in as a person of the demonstration; throws when that fails. */
  signIn(person: DemoPerson): Promise<void>
}

export const host = 'webmail.cjsm.test'

/** A new browser, with nothing in its jar. `remoteAddress` is where it is. */
export function webVisitor(app: FastifyInstance, remoteAddress = '127.0.0.1'): WebVisitor {
  const jar = new Map<string, string>()
  let csrf = ''

  async function ask(method: 'GET' | 'POST', url: string, headers: Record<string, string>, payload?: string) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await app.inject({
      method,
      url,
      remoteAddress,
      headers: { host, ...(cookie === '' ? {} : { cookie }), ...headers },
      ...(payload === undefined ? {} : { payload }),
    })
    for (const { name, value, maxAge } of answer.cookies) {
      if (maxAge === 0) jar.delete(name)
      else jar.set(name, value)
    }
    csrf = /name="csrf" value="([^"]+)"/.exec(answer.body)?.[1] ?? csrf
    return answer
  }

  const visitor: WebVisitor = {
    jar,
    get: (url, headers = {}) => ask('GET', url, headers),
    post(url, fields = {}, headers = {}) {
      const form = new URLSearchParams()
      for (const [name, value] of Object.entries({ csrf, ...fields })) for (const one of [value].flat()) form.append(name, one)
      const type = { 'content-type': 'application/x-www-form-urlencoded' }
      return ask('POST', url, { ...type, 'sec-fetch-site': 'same-origin', ...headers }, form.toString())
    },
    async follow(answer) {
      let at = answer
      for (let hops = 0; at.statusCode === 303 && hops < 5; hops++) at = await visitor.get(String(at.headers.location))
      return at
    },
    async signIn(person) {
      await visitor.get('/sign-in')
      const answer = await visitor.post('/sign-in', { 'user-name': person.userName, password: person.password })
      if (answer.statusCode !== 303) throw new Error(`the sign-in failed: ${answer.statusCode}`)
      await visitor.get('/help') // the token of the session stands in every page's header
    },
  }
  return visitor
}

/** The text of a page's main heading. */
export const headingOf = (html: string): string => /<h1[^>]*>([\s\S]*?)<\/h1>/.exec(html)?.[1]?.trim() ?? ''
