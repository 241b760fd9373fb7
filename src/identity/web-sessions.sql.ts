// Browsers' sessions, their computers, enrolment codes and guesses; only identity/ runs these.
import type { HolderState } from '#identity/accounts.sql.ts'
import type { Runner, Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export interface PasswordRow {
  readonly account: string
  readonly userName: string
  readonly organisation: string
  readonly state: HolderState
  readonly name: string
  readonly passwordHash: string
  readonly isDemonstration: boolean
}

export function accountWithPassword(run: Runner, userName: string) {
  return run.rows<PasswordRow>(sql`
    select account.id as account, user_name, organisation, state, name, password_hash, is_demonstration
      from account join holder on holder.id = account.id where user_name = ${userName}`)
}

/** The browser of the account whose credential has one of these hashes, if it still counts. */
export function browserWith(run: Runner, account: string, credentialHashes: readonly Buffer[]) {
  return run.rows<{ id: string }>(sql`
    select id from device_credential
     where account = ${account} and password_hash = any(${credentialHashes}::bytea[]) and kind = 'browser' and revoked_ms is null
     limit 1`)
}

export function insertBrowser(
  tx: Transaction,
  browser: { id: string; account: string; name: string; credentialHash: Buffer; createdMs: number },
) {
  return tx.run(sql`
    insert into device_credential (id, account, name, password_hash, created_ms, kind)
    values (${browser.id}, ${browser.account}, ${browser.name}, ${browser.credentialHash}, ${browser.createdMs}, 'browser')`)
}

export function insertCode(tx: Transaction, code: { id: string; account: string; codeHash: Buffer; createdMs: number }) {
  return tx.run(sql`
    insert into enrolment_code (id, code_hash, account, created_ms)
    values (${code.id}, ${code.codeHash}, ${code.account}, ${code.createdMs})`)
}

/** A code of the account that was not used, and made after `sinceMs`. */
export function codeWith(run: Runner, account: string, codeHash: Buffer, sinceMs: number) {
  return run.rows<{ id: string }>(sql`
    select id from enrolment_code
     where code_hash = ${codeHash} and account = ${account} and used_ms is null and created_ms > ${sinceMs}`)
}

/** Uses a code up: 0 when the account has no such code, or it was used or made before `sinceMs`. */
export function useCode(tx: Transaction, account: string, codeHash: Buffer, atMs: number, sinceMs: number) {
  return tx.run(sql`
    update enrolment_code set used_ms = ${atMs}
     where code_hash = ${codeHash} and account = ${account} and used_ms is null and created_ms > ${sinceMs}`)
}

export function insertSession(
  tx: Transaction,
  session: { id: string; tokenHash: Buffer; account: string; computer: string; atMs: number },
) {
  return tx.run(sql`
    insert into web_session (id, token_hash, account, computer, created_ms, seen_ms)
    values (${session.id}, ${session.tokenHash}, ${session.account}, ${session.computer}, ${session.atMs}, ${session.atMs})`)
}

export interface SessionRow {
  readonly id: string
  readonly account: string
  readonly computer: string
  readonly createdMs: number
  readonly seenMs: number
  readonly endedMs: number | null
  readonly revoked: boolean
  readonly organisation: string
  readonly state: HolderState
  readonly userName: string
  readonly name: string
  readonly address: string
  readonly mayUse: readonly string[]
  readonly isOfficer: boolean
}

/** A session with who it is of, in whatever state both are. */
export function sessionWith(run: Runner, tokenHash: Buffer) {
  return run.rows<SessionRow>(sql`
    select web_session.id, web_session.account, computer, web_session.created_ms, seen_ms, ended_ms,
           device_credential.revoked_ms is not null as revoked, organisation, state, user_name, account.name, is_officer,
           (select written from address where holder = account.id and is_primary) as address,
           (select array_agg(address) from address where holder = account.id) as may_use
      from web_session
      join account on account.id = web_session.account
      join holder on holder.id = web_session.account
      join device_credential on device_credential.id = computer
     where token_hash = ${tokenHash}`)
}

export function touchSession(run: Runner, id: string, atMs: number) {
  return run.run(sql`update web_session set seen_ms = ${atMs} where id = ${id} and seen_ms < ${atMs} and ended_ms is null`)
}

export function endSession(tx: Transaction, id: string, atMs: number) {
  return tx.run(sql`update web_session set ended_ms = ${atMs} where id = ${id} and ended_ms is null`)
}

/** Removes what nobody can use any more, and returns how many rows went. */
export async function removeOld(
  tx: Transaction,
  o: { sessionsBeforeMs: number; codesBeforeMs: number; guessesBeforeMs: number },
) {
  const sessions = await tx.run(sql`delete from web_session where seen_ms < ${o.sessionsBeforeMs}`)
  const codes = await tx.run(sql`delete from enrolment_code where created_ms < ${o.codesBeforeMs}`)
  const guesses = await tx.run(sql`delete from sign_in_guess where last_ms < ${o.guessesBeforeMs}`)
  return sessions + codes + guesses
}

export interface GuessRules {
  readonly free: number
  readonly waitMs: number
  readonly mostWaitMs: number
  readonly forgetMs: number
}

/** Counts one guess, unless the subject has to wait: no row then. One statement, so that guesses at the same time are all counted. */
export function takeGuess(run: Runner, subjectHash: Buffer, nowMs: number, rules: GuessRules) {
  const { free, waitMs, mostWaitMs, forgetMs } = rules
  return run.rows<{ guesses: number }>(sql`
    insert into sign_in_guess as kept (subject_hash, guesses, last_ms) values (${subjectHash}, 1, ${nowMs})
    on conflict (subject_hash) do update
       set guesses = case when kept.last_ms <= ${nowMs}::bigint - ${forgetMs}::bigint then 1 else kept.guesses + 1 end, last_ms = ${nowMs}
     where kept.guesses < ${free}::int or kept.last_ms <= ${nowMs}::bigint - ${forgetMs}::bigint
        or kept.last_ms + least(${mostWaitMs}::bigint, ${waitMs}::bigint * (1::bigint << least(kept.guesses - ${free}::int, 20))) <= ${nowMs}::bigint
    returning guesses`)
}

export function guessesOf(run: Runner, subjectHash: Buffer) {
  return run.rows<{ guesses: number; lastMs: number }>(
    sql`select guesses, last_ms from sign_in_guess where subject_hash = ${subjectHash}`,
  )
}

/** Gives one guess back: it was right. */
export function giveGuessBack(run: Runner, subjectHash: Buffer) {
  return run.run(sql`update sign_in_guess set guesses = greatest(guesses - 1, 0) where subject_hash = ${subjectHash}`)
}

export function forgetGuesses(run: Runner, subjectHash: Buffer) {
  return run.run(sql`delete from sign_in_guess where subject_hash = ${subjectHash}`)
}
