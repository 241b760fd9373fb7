// How often the properties of the grammars are tried: 2,000 times by themselves, 50,000 in `./cjsm test`, a million with CJSM_LONG=1.

/** Runs of each property over addresses, headers, MIME, SMTP commands and IMAP; CJSM_FUZZ_RUNS says otherwise. */
export const grammarRuns: number = Number(process.env.CJSM_FUZZ_RUNS ?? process.env.CJSM_TEST_GRAMMAR_RUNS ?? 2000)
