// What the supervisor and its Node children say to each other over the IPC channel: "ready", a question, its answer.
import type { ChildProcess } from 'node:child_process'
import { randomId } from '#base/ids.ts'

export type RoleMessage =
  | { readonly cjsm: 'ready' }
  | { readonly cjsm: 'ask'; readonly id: string; readonly what: string }
  | { readonly cjsm: 'answer'; readonly id: string; readonly value: unknown }

/** True for messages of this protocol. */
export function isRoleMessage(message: unknown): message is RoleMessage {
  return typeof message === 'object' && message !== null && 'cjsm' in message
}

/** Resolves when a child says that it is ready; rejects when it does not in time. */
export function roleReady(child: ChildProcess, limitMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(() => reject(new Error(`it was not ready in ${limitMs} ms`)), limitMs)
  const hear = (message: unknown) => {
    if (isRoleMessage(message) && message.cjsm === 'ready') resolve()
  }
  child.on('message', hear)
  return promise.finally(() => {
    clearTimeout(timer)
    child.off('message', hear)
  })
}

/** Asks a child and resolves with its answer; rejects when it gives none in time. */
export function askRole(child: ChildProcess, what: string, limitMs: number): Promise<unknown> {
  const id = randomId()
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const hear = (message: unknown) => {
    if (isRoleMessage(message) && message.cjsm === 'answer' && message.id === id) resolve(message.value)
  }
  const timer = setTimeout(() => reject(new Error(`no answer in ${limitMs} ms`)), limitMs)
  child.on('message', hear)
  if (child.connected) child.send({ cjsm: 'ask', id, what } satisfies RoleMessage, (fault) => fault && reject(fault))
  else reject(new Error('the process is not connected'))
  return promise.finally(() => {
    clearTimeout(timer)
    child.off('message', hear)
  })
}
