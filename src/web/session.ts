// Who a request is of: the session that its cookie names, asked of the database each time, so that a suspension ends it at once. G02, T06
import type { FastifyRequest } from 'fastify'
import { randomOctets } from '#base/ids.ts'
import type { FoundSession } from '#identity/web-sessions.ts'
import { cookieNames, readCookies, writeCookie, type CookieOptions } from '#web/cookies.ts'
import { csrfToken, csrfTokenIs } from '#web/csrf.ts'
import type { WebDoors } from '#web/doors.ts'
import type { Notice } from '#web/answers.ts'
import { maxNoticeOctets, noticeMs } from '#web/limits.ts'

const visitOctets = 18
const noticePlace = 'web notice'

/** One request's cookies, session and tokens. Made once a request, before its handler. */
export class Presence {
  readonly #doors: WebDoors
  readonly #cookies: Map<string, string>
  readonly #set = new Map<string, string>()
  #visit: string | null = null
  found: FoundSession | null = null

  constructor(doors: WebDoors, request: FastifyRequest) {
    this.#doors = doors
    this.#cookies = readCookies(request.headers.cookie)
  }

  /** Reads the session; `isActive` false leaves its idle time alone. */
  async read(isActive: boolean): Promise<void> {
    const token = this.cookie(cookieNames.session)
    this.found = token === null ? null : await this.#doors.sessions.find(token, isActive)
  }

  /** The session of somebody who is signed in, or null. */
  get session() {
    return this.found?.kind === 'open' ? this.found.session : null
  }

  cookie(name: string): string | null {
    return this.#cookies.get(name) ?? null
  }

  setCookie(name: string, value: string | null, options?: CookieOptions): void {
    this.#set.set(name, writeCookie(name, value, options))
  }

  /** The Set-Cookie fields of the answer. */
  get setCookies(): string[] {
    return [...this.#set.values()]
  }

  /** What tokens belong to: the session, also when it has expired, or the stranger's browser. */
  #owner(): string {
    if (this.found?.kind === 'open' || this.found?.kind === 'expired') return `session/${this.found.session.id}`
    this.#visit ??= this.cookie(cookieNames.visit)
    if (this.#visit === null) {
      this.#visit = randomOctets(visitOctets).toString('base64url')
      // Lax: one may come to the sign-in page from another site, and must be able to send its form.
      this.setCookie(cookieNames.visit, this.#visit, { sameSite: 'lax' })
    }
    return `visit/${this.#visit}`
  }

  token(): Promise<string> {
    return csrfToken(this.#doors.mac, this.#owner())
  }

  async isToken(token: string): Promise<boolean> {
    if (this.found === null && this.cookie(cookieNames.visit) === null) return false
    return csrfTokenIs(this.#doors.mac, this.#owner(), token)
  }

  /** The token of a session that was opened in this request. */
  adopt(found: FoundSession): void {
    this.found = found
  }

  /** Keeps a notice for the next page: sealed, since it can name folders. One that is too long is left out. */
  async keepNotice(notice: Notice, nowMs: number): Promise<void> {
    const { session } = this
    const plain = Buffer.from(JSON.stringify({ notice, untilMs: nowMs + noticeMs }))
    if (session === null || plain.length > maxNoticeOctets) return
    const sealed = await this.#doors.sealed.seal(session.who.account, noticePlace, plain)
    this.setCookie(cookieNames.notice, sealed.toString('base64url'), { maxAgeMs: noticeMs })
  }

  /** The notice that waits, which is shown once; null for one that is old, or not ours. */
  async takeNotice(nowMs: number): Promise<Notice | null> {
    const kept = this.cookie(cookieNames.notice)
    const { session } = this
    if (kept === null || session === null) return null
    this.setCookie(cookieNames.notice, null)
    try {
      const plain = await this.#doors.sealed.unseal(session.who.account, noticePlace, Buffer.from(kept, 'base64url'))
      const { notice, untilMs } = JSON.parse(plain.toString()) as { notice: Notice; untilMs: number }
      return nowMs < untilMs ? notice : null
    } catch {
      return null // sealed for somebody else, or not by us
    }
  }
}
