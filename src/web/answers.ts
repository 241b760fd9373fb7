// What a route's handler returns: values only. One function (problems.ts, reply.ts) makes them into HTTP, so that every page of one kind looks the same.
import type { Readable } from 'node:stream'
import type { Refused } from '#base/faults.ts'

/** What is wrong with one field of a form; shown in the summary and at the field. `field` is the id of the input. */
export interface FieldError {
  readonly field: string
  readonly text: string
}

/** Shown once on the page after a redirect. An undo is a form whose hidden fields are `fields`. */
export interface Notice {
  readonly text: string
  readonly undo?: { readonly action: string; readonly label: string; readonly fields: Readonly<Record<string, string>> }
}

/** A page: the template's path below src/web, the heading for the browser's title, and plain data for the template. */
export interface Page {
  readonly kind: 'page'
  readonly template: string
  readonly title: string
  readonly view: object
  readonly errors?: readonly FieldError[]
  /** 200, or 422 when there are errors. */
  readonly status?: number
}

/** See other (303): after every POST that did something. */
export interface Redirect {
  readonly kind: 'redirect'
  readonly to: string
  readonly notice?: Notice
}

/** Octets: a download when it has a `name`. `policy` replaces the Content-Security-Policy; without one nothing in it may load or run. */
export interface FileAnswer {
  readonly kind: 'file'
  readonly type: string
  readonly content: Readable | Buffer
  readonly octets?: number
  readonly name?: string
  readonly policy?: string
  /** Who may show it in a frame: nobody when left out. */
  readonly frame?: 'same-origin'
}

/** For our own scripts. */
export interface JsonAnswer {
  readonly kind: 'json'
  readonly body: unknown
  readonly status?: number
}

/** Server-sent events (HTML, 9.2) until the reader goes, the session ends or the service closes. */
export interface Events {
  readonly kind: 'events'
  open(send: (event: string, data: string) => void): { close(): void }
}

export type Answer =
  | Page
  | Redirect
  | FileAnswer
  | JsonAnswer
  | Events
  | Refused
  | { readonly kind: 'not-found' }
  /** Nothing to show: 204. */
  | { readonly kind: 'nothing' }
