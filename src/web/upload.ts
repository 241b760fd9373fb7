// Uploads: the parts of a multipart form as they come, never whole in memory, behind the token that must be the first of them. RFC 7578.
import { PassThrough, type Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { BadCommand } from '#base/faults.ts'
import { maxFieldOctets, maxFileNameOctets, maxFormFields, maxUploadParts } from '#web/limits.ts'

/** A field's text, or a file whose octets must be read, or left, before the next part comes. `name` is the file's own, as the browser gave it. */
export type UploadPart =
  | { readonly kind: 'field'; readonly field: string; readonly text: string }
  | { readonly kind: 'file'; readonly field: string; readonly name: string; readonly type: string; readonly content: Readable }

interface Arrived {
  readonly part: UploadPart
}

/** Reads the token, the first part, and gives the others as they come; throws BadCommand for what is not such a form. */
export async function readParts(request: FastifyRequest): Promise<{ token: string | null; parts: AsyncGenerator<UploadPart> }> {
  const parts = partsOf(request)
  const first = await parts.next()
  const isToken = first.done !== true && first.value.kind === 'field' && first.value.field === 'csrf'
  return { token: isToken ? (first.value as { text: string }).text : null, parts }
}

async function* partsOf(request: FastifyRequest): AsyncGenerator<UploadPart> {
  const { Busboy } = await import('@fastify/busboy')
  let reader: InstanceType<typeof Busboy>
  try {
    reader = new Busboy({
      headers: request.headers as { 'content-type': string },
      limits: {
        fieldSize: maxFieldOctets,
        fields: maxFormFields,
        fieldNameSize: 100,
        files: maxUploadParts,
        parts: maxFormFields,
        headerPairs: 20,
        headerSize: 8192,
      },
    })
  } catch {
    throw new BadCommand('The form is not one that this service can read')
  }
  const arrived: Arrived[] = []
  let over = false
  let failed: Error | null = null
  let wake = () => {}
  const stir = () => wake()
  const reading = new Set<PassThrough>()
  const fail = (text: string) => {
    failed ??= new BadCommand(text)
    for (const content of reading) content.destroy(failed)
    stir()
  }
  reader.on('field', (field, value, _nameCut, valueCut) => {
    if (valueCut) fail('A field of the form is too long')
    arrived.push({ part: { kind: 'field', field, text: value } })
    stir()
  })
  reader.on('file', (field, octets, name, _encoding, type) => {
    // Whoever reads a file may leave it, which destroys the stream; Busboy would wait for a stream of its own for ever then.
    const content = new PassThrough()
    reading.add(content)
    content.on('error', () => {})
    content.once('close', () => {
      reading.delete(content)
      octets.resume()
    })
    octets.on('error', (fault: Error) => content.destroy(fault))
    octets.pipe(content)
    arrived.push({ part: { kind: 'file', field, name: (name ?? '').slice(0, maxFileNameOctets), type, content } })
    stir()
  })
  for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const)
    reader.on(limit, () => fail('The form has too many parts'))
  reader.on('error', () => fail('The form is not one that this service can read'))
  reader.on('finish', () => {
    over = true
    stir()
  })
  request.raw.once('close', () => {
    if (!request.raw.complete) fail('The form did not come to its end')
  })
  request.raw.pipe(reader)
  try {
    for (;;) {
      if (failed !== null) throw failed as Error
      const next = arrived.shift()
      if (next !== undefined) yield next.part
      else if (over) return
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    request.raw.unpipe(reader)
    for (const content of reading) content.destroy()
    request.raw.resume()
  }
}
