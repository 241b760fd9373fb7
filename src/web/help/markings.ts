// Guidance on classification, made of the schemes' own data: what each level is for, what it asks, and what is never sent here. G05
import type { Scheme } from '#policy/schemes.ts'

/** One level of a scheme, or what stands at none, as the page shows it. */
export interface LevelShown {
  readonly name: string
  /** When it is chosen; null where the scheme does not say. */
  readonly when: string | null
  /** What who receives it must do; null where it is never sent here, or the scheme does not say. */
  readonly handling: string | null
  readonly isAbove: boolean
}

export interface SchemeShown {
  readonly title: string
  readonly levels: readonly LevelShown[]
  readonly descriptors: readonly string[]
  readonly caveats: readonly string[]
}

/** What the page shows of a scheme: levels from the lowest up, what stands at none behind those that may be sent. */
export function schemeShown({ title, levels, outsideLevels, descriptors, caveats, handling, guidance }: Scheme): SchemeShown {
  const shown = (name: string, isAbove: boolean): LevelShown => ({
    name,
    when: guidance.get(name) ?? null,
    handling: isAbove ? null : (handling.get(name) ?? null),
    isAbove,
  })
  const sorted = levels.toSorted((one, other) => one.rank - other.rank)
  const names = (isAbove: boolean) => [...new Set(sorted.filter((one) => one.aboveCeiling === isAbove).map(({ name }) => name))]
  const outside = outsideLevels.map(({ name }) => name)
  return {
    title,
    levels: [...[...names(false), ...outside].map((name) => shown(name, false)), ...names(true).map((name) => shown(name, true))],
    descriptors: [...new Set(descriptors.map(({ name }) => name))].filter((name) => !outside.includes(name)),
    caveats: [...new Set(caveats.filter(({ alone }) => alone).map(({ name }) => name))],
  }
}
