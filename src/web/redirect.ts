// The HTTP port: sends a browser to the same page over HTTPS, and answers nothing else. T14
import type { IncomingMessage, ServerResponse } from 'node:http'
import { securityHeader } from '#web/headers.ts'

const hostForm = /^([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i
const targetForm = /^\/[\x21-\x7e]*$/
const realPort = 443

/** The handler of the HTTP port: 308 to the HTTPS one for GET and HEAD, 400 for whatever else. */
export function redirectToHttps(httpsPort: () => number): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const host = hostForm.exec(request.headers.host ?? '')?.[1]
    const target = request.url ?? ''
    for (const [name, value] of Object.entries(securityHeader(false))) response.setHeader(name, value)
    response.setHeader('connection', 'close')
    const isAsked = request.method === 'GET' || request.method === 'HEAD'
    if (!isAsked || host === undefined || !targetForm.test(target)) {
      response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' })
      response.end('This service is reached over HTTPS only.\n')
      return
    }
    const port = httpsPort()
    response.writeHead(308, { location: `https://${host}${port === realPort ? '' : `:${port}`}${target}` })
    response.end()
  }
}
