// The error summary of GOV.UK for files that could not be attached: before all else on the page, with links to what mends them.
/// <reference lib="dom" />
import { type Problem, nameOf } from '#web/client/compose-file-items.ts'

const summaryId = 'file-problems'
const titlePrefix = 'Error: '

/** Shows what is wrong, and moves the focus there. */
export function showProblems(problems: readonly Problem[]): void {
  const summary = summaryOf(problems)
  const shown = document.getElementById(summaryId)
  if (shown === null) document.querySelector('main')?.prepend(summary)
  else shown.replaceWith(summary)
  if (!document.title.startsWith(titlePrefix)) document.title = `${titlePrefix}${document.title}`
  summary.focus()
}

/** Takes out of the summary what is no longer wrong, and the summary with the last of it. */
export function refreshProblems(problems: readonly Problem[]): void {
  const shown = document.getElementById(summaryId)
  if (shown === null) return
  if (problems.length > 0) shown.replaceWith(summaryOf(problems))
  else {
    shown.remove()
    document.title = document.title.replace(titlePrefix, '')
  }
}

function summaryOf(problems: readonly Problem[]): HTMLElement {
  const summary = document.createElement('div')
  summary.className = 'govuk-error-summary'
  summary.id = summaryId
  summary.tabIndex = -1
  // The alert is a child of what takes the focus, as in GOV.UK's own: screen readers would leave some of it out.
  const alert = document.createElement('div')
  alert.setAttribute('role', 'alert')
  const title = document.createElement('h2')
  title.className = 'govuk-error-summary__title'
  title.textContent = 'There is a problem'
  const body = document.createElement('div')
  body.className = 'govuk-error-summary__body'
  const list = document.createElement('ul')
  list.className = 'govuk-list govuk-error-summary__list'
  list.append(...problems.map(lineOf))
  body.append(list)
  alert.append(title, body)
  summary.append(alert)
  return summary
}

function lineOf({ id, name, why }: Problem): HTMLElement {
  const line = document.createElement('li')
  const link = document.createElement('a')
  link.href = `#${id}`
  link.append(nameOf(name), ` ${why}`)
  link.addEventListener('click', (event) => {
    event.preventDefault()
    const mends = document.getElementById(id)
    mends?.closest('li')?.scrollIntoView({ block: 'center' })
    mends?.focus({ preventScroll: true })
  })
  line.append(link)
  return line
}
