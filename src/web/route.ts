// One route of the face: what it is, which evidence it leads to, who may, and what runs. Every route is made by `route`, and app.ts lists them all.
import type { EvidenceEvent } from '#evidence/leaf.ts'
import type { WebSession } from '#identity/web-sessions.ts'
import type { Reader } from '#mailbox/means.ts'
import type { Answer } from '#web/answers.ts'
import type { Presence } from '#web/session.ts'
import type { UploadPart } from '#web/upload.ts'

/** One request, as handlers see it. */
export interface Visit {
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** The fields of a form; empty but for `body: 'form'`. The CSRF token was checked and is not among them. */
  readonly form: URLSearchParams
  readonly remoteAddress: string
  /** The cookie's value, or null. */
  cookie(name: string): string | null
  /** Sets one of our cookies; null removes it. */
  setCookie(name: string, value: string | null, options?: { maxAgeMs?: number; sameSite?: 'strict' | 'lax' }): void
  /** Sets a field of the answer's header. */
  setHeader(name: string, value: string): void
  /** A field of the request's header, or null. */
  header(name: string): string | null
  /** The parts of an upload (`body: 'upload'`) as they come: each file must be read before the next; the token was checked. Null for other routes. */
  readonly upload: AsyncGenerator<UploadPart> | null
  /** For sign-in/ only. */
  readonly presence: Presence
}

/** A request of a person who is signed in. */
export interface PersonVisit extends Visit {
  readonly session: WebSession
  /** The person as holder of their mailboxes, for src/mailbox. */
  readonly reader: Reader
  /** For what goes on after the answer began: whether the session is still open, asked anew. */
  isStillSignedIn(): Promise<boolean>
}

/** The events that a route may lead to, or why there are none. */
export type EvidenceOf = readonly EvidenceEvent[] | { readonly none: string }

interface RouteBase {
  readonly method: 'GET' | 'POST'
  readonly url: string
  /** The folder of the journey below src/web. */
  readonly journey: string
  readonly evidence: EvidenceOf
  /** What a POST carries: a form (urlencoded, the default) or an upload (multipart), which the handler reads from `visit.upload`; its first field must be `csrf`. */
  readonly body?: 'form' | 'upload'
  /** The largest body in octets; maxFormOctets, or without a limit of its own for an upload, when left out. */
  readonly maxOctets?: number
  /** When the session ended while a form was being filled in: `keep` carries its fields through signing in again. Left out, they are not kept. */
  readonly whenExpired?: 'keep'
  /** True for what a page asks by itself: it does not count as the person doing something, so that a session ends although a page stays open. */
  readonly isPassive?: boolean
}

export interface StrangerRoute extends RouteBase {
  readonly who: 'anyone'
  run(visit: Visit): Promise<Answer>
}

export interface PersonRoute extends RouteBase {
  readonly who: 'signed-in'
  /** True for the Helpdesk's pages: for anybody else there is nothing there. */
  readonly isForOfficers?: true
  run(visit: PersonVisit): Promise<Answer>
}

export type Route = StrangerRoute | PersonRoute

/** States a route; app.ts registers it. */
export function route(stated: StrangerRoute): StrangerRoute
export function route(stated: PersonRoute): PersonRoute
export function route(stated: Route): Route {
  return stated
}
