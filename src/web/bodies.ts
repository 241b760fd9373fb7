// Bodies of requests: forms as URLSearchParams, uploads as streams; nothing else is taken. WHATWG URL §5, RFC 7578.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { BadCommand } from '#base/faults.ts'
import { maxFormFields } from '#web/limits.ts'

/** Takes forms, and lets uploads through unread: readUpload reads them. */
export async function formsAndUploads(app: FastifyInstance): Promise<void> {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    let fields = 1
    for (let at = body.indexOf('&'); at >= 0; at = (body as string).indexOf('&', at + 1)) fields += 1
    if (fields > maxFormFields) done(new BadCommand('The form has too many fields'))
    else done(null, new URLSearchParams(body as string))
  })
  app.addContentTypeParser('multipart/form-data', (_request, _payload, done) => done(null))
}

/** The fields of a form; none for a request without. */
export const formOf = (request: FastifyRequest): URLSearchParams =>
  request.body instanceof URLSearchParams ? request.body : new URLSearchParams()
