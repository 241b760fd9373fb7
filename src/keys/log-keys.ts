// The keys that sign the log's checkpoints: Ed25519 seeds kept in the keyring like any key, never handed out. A new one is a new generation. docs/flow.md, Evidence.
import { faultPoint } from '#base/fault-point.ts'
import { randomOctets } from '#base/ids.ts'
import type { Anchor, Anchored, Shown } from '#keys/anchor.ts'
import { checkpointText, readCheckpoint } from '#keys/checkpoint.ts'
import { type KeptEpoch, theService } from '#keys/epoch.ts'
import type { Keyring } from '#keys/keyring.ts'
import { type Signer, newSigner, noteOf, readNote, readVerifier, signedAt } from '#keys/note.ts'
import type { RootKey } from '#keys/root.ts'
import { type Rotation, newRotation } from '#keys/rotation.ts'

/** What the key process does for the record beside keeping epoch keys. */
export interface LogKeeper {
  /** Signs a checkpoint's text and returns the note; throws for what is no checkpoint of this log, or is not proved to extend the anchor. RFC 6962 §2.1.2 */
  sign(text: string, proof: readonly Buffer[]): Promise<string>
  /** The public keys that ever signed, as verifier keys; the one in use stands last. */
  verifiers(): Promise<string[]>
  /** Makes a new key, which signs from now on; returns its verifier key. */
  rotate(): Promise<string>
  /** The latest checkpoint that is kept outside the data folder. */
  anchor(): Promise<Anchored>
  /** Keeps a checkpoint that this log signed, and that is proved to extend the anchor, as the anchor; durable when it returns. */
  keepAnchor(note: string, proof: readonly Buffer[]): Promise<void>
  /** Keeps with the anchor a checkpoint of this log that a witness showed, and that the tree does not extend: `WITNESS\nNOTE`; throws for one that is not of both. */
  keepShown(text: string): Promise<void>
  /** A witness that operators gave up cosigned again: `WITNESS\nNOTE`; throws for what is not of both. */
  regard(text: string): Promise<void>
  /** Takes a tree that does not extend the anchor, when two operators signed the statement; else returns a sentence that says why not. */
  acceptRollback(statement: string): Promise<string | null>
  /** Begins, or goes on with, the rotation of the root key. */
  rotateRoot(): Promise<void>
  rotation(): Promise<Rotation>
}

const month = 0
const purpose = 'log'

/** The log's keys over root key and keyring; makes the first key, and the anchor of an empty tree before it, where there is none. */
export async function openLogKeys(o: {
  root: RootKey
  keyring: Keyring
  anchor: Anchor
  origin: string
  operatorKeys: readonly string[]
  onFault: (fault: unknown) => void
}): Promise<LogKeeper> {
  const { root, keyring, anchor, origin } = o
  const rotation = newRotation(root, keyring, o.onFault)
  const signers: Signer[] = []
  const epochOf = (generation: number): KeptEpoch => ({ holder: theService, purpose, month, generation })

  async function addKey(): Promise<void> {
    const epoch = epochOf(signers.length + 1)
    const wrapped = await keyring.createIfAbsent(epoch, root.wrap(epoch, randomOctets(32)))
    signers.push(newSigner(origin, 'author', root.unwrap(epoch, wrapped)))
  }

  const latest = await keyring.latestGeneration({ holder: theService, purpose, month })
  if (latest === 0) {
    await anchor.begin()
    await addKey()
  }
  while (signers.length < latest) await addKey()

  /** The keys that ever signed, oldest first; those that only the anchor tells of stand first: a keyring that was put back lacks them. */
  async function verifiers(): Promise<string[]> {
    const own = signers.map((one) => one.verifier)
    const signed = (await anchor.read()).keySizes.map(({ verifier }) => verifier)
    return [...signed.filter((one) => !own.includes(one) && readVerifier(one)?.name === origin), ...own]
  }

  /** The checkpoint of a note that this log signed; throws for any other. */
  async function ownCheckpoint(note: string) {
    const read = readNote(note)
    const checkpoint = read === null ? null : readCheckpoint(read.text)
    if (read === null || checkpoint === null || checkpoint.origin !== origin) throw new Error('not a checkpoint of this log')
    if (!(await verifiers()).some((one) => signedAt(read, readVerifier(one)!) !== null)) throw new Error('not signed by this log')
    return checkpoint
  }

  /** A witness and a checkpoint that this log signed and that one cosigned, as `WITNESS\nNOTE`; throws for any other. */
  async function ownCosigned(text: string): Promise<Shown> {
    const end = text.indexOf('\n')
    const [witness, note] = [text.slice(0, end), text.slice(end + 1)]
    await ownCheckpoint(note)
    const verifier = readVerifier(witness)
    if (verifier?.signsAs !== 'witness' || signedAt(readNote(note)!, verifier) === null)
      throw new Error('not cosigned by that witness')
    return { witness, note }
  }

  if (root.isRotating()) void rotation.run()
  return {
    async sign(text, proof) {
      const checkpoint = readCheckpoint(text)
      if (checkpoint === null || checkpoint.origin !== origin) throw new Error('not a checkpoint of this log')
      await anchor.mustExtend(checkpoint, proof)
      const signer = signers.at(-1)!
      anchor.noteSigned(signer.verifier, checkpoint.size)
      return noteOf(checkpointText(checkpoint), [signer.sign(text)])
    },
    verifiers,
    async rotate() {
      await addKey()
      await anchor.keepSizes() // the last that the key before signed
      faultPoint('log-key-made')
      return signers.at(-1)!.verifier
    },
    anchor: () => anchor.read(),
    keepAnchor: async (note, proof) => anchor.keep(await ownCheckpoint(note), note, proof),
    keepShown: async (text) => anchor.show(await ownCosigned(text)),
    regard: async (text) => anchor.regard((await ownCosigned(text)).witness),
    acceptRollback: (statement) => anchor.acceptRollback(origin, statement, o.operatorKeys),
    async rotateRoot() {
      await rotation.begin()
      void rotation.run()
    },
    rotation: async () => rotation.state(),
  }
}
