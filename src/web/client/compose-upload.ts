// What is asked of the service about files: that it takes one in, which it has, and that it removes one.
/// <reference lib="dom" />

export interface AttachedFile {
  readonly name: string
  /** Where it is removed. */
  readonly remove: string
}

export interface Attached {
  readonly files: readonly AttachedFile[]
  readonly version: number
  readonly refusal: string | null
}

/** Sends a file, telling how far it is; null where it did not come through or was stopped. */
export function upload(
  to: string,
  csrf: string,
  file: File,
  progress: (part: number) => void,
  stop: AbortSignal,
): Promise<Attached | null> {
  const body = new FormData()
  body.append('csrf', csrf)
  body.append('file', file)
  return new Promise((resolve) => {
    if (stop.aborted) return resolve(null)
    const request = new XMLHttpRequest()
    request.open('POST', to)
    request.setRequestHeader('accept', 'application/json')
    request.responseType = 'json'
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total)
    })
    request.addEventListener('load', () =>
      resolve((request.response as { kind?: string } | null)?.kind === 'attached' ? (request.response as Attached) : null),
    )
    for (const ending of ['error', 'abort']) request.addEventListener(ending, () => resolve(null))
    stop.addEventListener('abort', () => request.abort())
    request.send(body)
  })
}

/** The files that a draft has, and its version; null where that could not be told. */
export async function filesOf(at: string): Promise<Pick<Attached, 'files' | 'version'> | null> {
  try {
    const answer = await fetch(at, { headers: { accept: 'application/json' }, redirect: 'error' })
    return answer.ok ? ((await answer.json()) as Attached) : null
  } catch {
    return null
  }
}

/** Removes a file: the draft's new version, or null where it could not be. */
export async function removeAttached(file: AttachedFile, csrf: string): Promise<number | null> {
  try {
    const answer = await fetch(file.remove, {
      method: 'POST',
      body: new URLSearchParams({ csrf }),
      headers: { accept: 'application/json' },
      redirect: 'error',
    })
    return answer.ok ? ((await answer.json()) as { version: number }).version : null
  } catch {
    return null
  }
}
