// Writing in webmail, for its tests: a service with its people, and a browser's steps from the form to the sent message.
import assert from 'node:assert/strict'
import type { SignedIn } from '#identity/sign-in.ts'
import { openTestDoors } from '#test/support/acceptance.ts'
import { type TestServiceOptions, testService } from '#test/support/service.ts'
import { type WebVisitor, webVisitor } from '#test/support/web.ts'

export const hidden = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''
export const text = (html: string) => html.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ')
export const readerOf = (who: SignedIn) => ({ holder: who.account, computer: who.computer, address: who.address })
export const idIn = (path: string) => path.split('/')[2]!

/** The fields of a form that is whole. */
export const whole = (to: string, more: Record<string, string> = {}) => ({
  to,
  cc: '',
  bcc: '',
  subject: 'R v Smith',
  text: 'Dear all\r\n\r\nPlease see.',
  marking: '',
  ...more,
})

/** Writes a new message and presses a button; the path where that leads. */
export async function write(who: WebVisitor, fields: Record<string, string>, wish = 'check'): Promise<string> {
  const form = await who.get('/write')
  const answer = await who.post('/write', { begun: hidden(form.body, 'begun'), version: '0', ...fields, do: wish })
  assert.equal(answer.statusCode, 303, text(answer.body))
  return String(answer.headers.location)
}

export async function send(who: WebVisitor, check: string) {
  const page = await who.get(check)
  assert.match(page.body, />\s*Send\s*</, text(page.body))
  return who.post(check.replace('/check', '/send'), { version: hidden(page.body, 'version'), shown: hidden(page.body, 'shown') })
}

const multipart = (csrf: string, files: readonly { name: string; type: string; octets: Buffer }[]) => {
  const boundary = 'form-boundary'
  const parts = [
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n${csrf}\r\n`),
    ...files.flatMap(({ name, type, octets }) => [
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`,
      ),
      octets,
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ]
  return { payload: Buffer.concat(parts), type: `multipart/form-data; boundary=${boundary}` }
}

/** A service, its people, and what their browsers do there. */
export async function openComposing(options: TestServiceOptions = {}) {
  const service = await testService(options)
  const { app } = service.faces.web
  const named = (userName: string) => service.people.find((one) => one.userName === userName)!
  const [priya, miriam] = [service.person('prosecutor'), service.person('solicitor')]

  async function browserOf(person: typeof priya): Promise<WebVisitor> {
    const visitor = webVisitor(app)
    await visitor.signIn(person)
    return visitor
  }

  async function attach(who: WebVisitor, id: string, files: Parameters<typeof multipart>[1], accept?: string) {
    const page = await who.get(`/write/${id}/files`)
    const { payload, type } = multipart(hidden(page.body, 'csrf'), files)
    return app.inject({
      method: 'POST',
      url: `/write/${id}/files`,
      headers: {
        host: 'webmail.cjsm.test',
        cookie: [...who.jar].map(([name, value]) => `${name}=${value}`).join('; '),
        'content-type': type,
        'sec-fetch-site': 'same-origin',
        ...(accept === undefined ? {} : { accept }),
      },
      payload,
    })
  }

  const doors = await openTestDoors(service)
  return { service, doors, priya, miriam, daniel: named('daniel.penn'), orla: named('orla.fenwick'), browserOf, attach }
}
