// The reason that an officer gives for a decision: each has one, which stands in the record. G05, T19
import { maxReasonCharacters } from '#helpdesk/limits.ts'
import type { FieldError } from '#web/answers.ts'

/** The reason in a field of a form, and what is wrong with it. */
export function reasonIn(form: URLSearchParams, field: string): { readonly reason: string; readonly wrong: FieldError[] } {
  const reason = (form.get(field) ?? '').trim()
  const text = whatIsWrong(reason)
  return { reason, wrong: text === null ? [] : [{ field, text }] }
}

function whatIsWrong(reason: string): string | null {
  if (reason === '') return 'Enter the reason'
  if (reason.length > maxReasonCharacters) return `The reason must be ${maxReasonCharacters} characters or fewer`
  // The database takes no NUL.
  return reason.includes('\0') ? 'The reason holds characters that do not show. Type it again' : null
}
