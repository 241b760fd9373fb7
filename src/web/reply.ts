// Answers into HTTP: the one place where a handler's value becomes status, header and body.
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '#base/clock.ts'
import type { Answer, Events, FileAnswer, Page } from '#web/answers.ts'
import type { Assets } from '#web/assets.ts'
import { filePolicy } from '#web/headers.ts'
import { eventStreamMs } from '#web/limits.ts'
import type { Lobby } from '#web/lobby.ts'
import { problemPage, refusalPage } from '#web/problems.ts'
import type { Render } from '#web/render.ts'
import type { Presence } from '#web/session.ts'

export interface ReplyParts {
  readonly render: Render
  readonly assets: Assets
  readonly helpdesk: string
  readonly clock: Clock
  readonly lobby: Lobby
}

/** Sends an answer. `presence` is null where it could not be told who asks. */
export async function sendAnswer(
  parts: ReplyParts,
  request: FastifyRequest,
  reply: FastifyReply,
  presence: Presence | null,
  answer: Answer,
): Promise<FastifyReply> {
  switch (answer.kind) {
    case 'page':
      return sendPage(parts, reply, presence, answer)
    case 'refused':
      return sendPage(parts, reply, presence, refusalPage(answer))
    case 'not-found':
      return sendPage(parts, reply, presence, problemPage(404))
    case 'redirect':
      if (answer.notice !== undefined) await presence?.keepNotice(answer.notice, parts.clock.now())
      return withCookies(reply, presence).code(303).header('location', answer.to).send()
    case 'file':
      return sendFile(withCookies(reply, presence), answer)
    case 'json':
      return withCookies(reply, presence)
        .code(answer.status ?? 200)
        .type('application/json; charset=utf-8')
        .send(JSON.stringify(answer.body))
    case 'nothing':
      return withCookies(reply, presence).code(204).send()
    case 'events':
      return sendEvents(parts.lobby, request, reply, answer)
    default:
      return answer satisfies never
  }
}

function withCookies(reply: FastifyReply, presence: Presence | null): FastifyReply {
  for (const field of presence?.setCookies ?? []) reply.header('set-cookie', field)
  return reply
}

async function sendPage(parts: ReplyParts, reply: FastifyReply, presence: Presence | null, page: Page): Promise<FastifyReply> {
  const errors = page.errors ?? []
  const nowMs = parts.clock.now()
  const session = presence?.session
  const context = {
    title: page.title,
    errors,
    notice: (await presence?.takeNotice(nowMs)) ?? null,
    csrf: (await presence?.token()) ?? '',
    person: session == null ? null : { name: session.who.name, address: session.who.address, isOfficer: session.isOfficer },
    helpdesk: parts.helpdesk,
    assets: parts.assets.base,
    nowMs,
  }
  const html = parts.render(page.template, context, page.view)
  return withCookies(reply, presence)
    .code(page.status ?? (errors.length > 0 ? 422 : 200))
    .type('text/html; charset=utf-8')
    .send(html)
}

function sendFile(reply: FastifyReply, file: FileAnswer): FastifyReply {
  reply
    .code(200)
    .type(file.type)
    .header('content-security-policy', file.policy ?? filePolicy)
  if (file.frame === 'same-origin') reply.header('x-frame-options', 'SAMEORIGIN')
  if (file.octets !== undefined) reply.header('content-length', file.octets)
  if (file.name !== undefined) reply.header('content-disposition', downloadOf(file.name))
  return reply.send(file.content)
}

/** A Content-Disposition that makes a download of any name (RFC 6266, RFC 8187): ASCII for old browsers, then the name itself. */
export function downloadOf(name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7e]/g, '_').replaceAll(/["\\%;/]/g, '_')
  const coded = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${plain}"; filename*=UTF-8''${coded}`
}

/** A stream of events that says something every so often, so that both ends notice when the other is gone; gives the reply back. */
export function sendEvents(lobby: Lobby, request: FastifyRequest, reply: FastifyReply, events: Events): FastifyReply {
  const stream = new Readable({ read() {} })
  const write = (octets: string) => {
    // Nobody reads: what is not taken would pile up.
    if (stream.readableLength > 65_536) stream.destroy()
    else if (!stream.destroyed) stream.push(octets)
  }
  const opened = events.open((event, data) => {
    if (event === 'end') stream.push(null)
    else write(`event: ${event}\ndata: ${data.replaceAll(/[\r\n]+/g, ' ')}\n\n`)
  })
  const timer = setInterval(() => write(': still here\n\n'), eventStreamMs)
  const end = () => void stream.push(null)
  write('retry: 5000\n\n')
  if (lobby.closing.aborted) end()
  else lobby.closing.addEventListener('abort', end, { once: true })
  stream.once('close', () => {
    clearInterval(timer)
    lobby.closing.removeEventListener('abort', end)
    opened.close()
  })
  request.raw.socket.once('close', () => stream.destroy())
  return reply.code(200).type('text/event-stream; charset=utf-8').send(stream)
}
