// Facts to begin with, for the tests of this folder: examples are made of the same. G03, G05.
export { adopter, found, ownAddress, plainFacts } from '#policy/example-facts.ts'
