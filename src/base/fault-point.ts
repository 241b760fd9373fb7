// Places where the crash tests end a process, as a power cut or the kernel would. Design: what 250 means; test/recovery/crash.test.ts
import { unlinkSync } from 'node:fs'
import { join } from 'node:path'

/** Where a process may be ended, by what has just happened. A new one is a line here and one in `faultPoints` of test/support/kills.ts. */
export type FaultPoint =
  | 'end-of-data' // the content is here, nothing is judged yet
  | 'content-stored' // large content is durable in the content store, its transaction has not begun
  | 'before-commit' // everything is written, nothing is committed
  | 'after-commit' // committed, and nobody was told
  | 'checkpoint-signed' // the log's key has signed a tree that is not committed
  | 'root-key-made' // the next root key is durable, and wraps nothing yet
  | 'key-rewrapped' // the next root key wraps some keys, the old one the rest
  | 'root-key-replaced' // the next root key stands in the old one's place, and still beside it
  | 'log-key-made' // the log has a new key, and nobody was told

const folder = process.env.CJSM_TEST_FAULT_POINTS

/**
 * Ends this process by SIGKILL when CJSM_TEST_FAULT_POINTS names a folder that holds a file of this point's name: whoever
 * takes the file away dies, so that one file ends one process. Without the variable it is a call that does nothing.
 */
export const faultPoint: (point: FaultPoint) => void =
  folder === undefined
    ? () => {}
    : (point) => {
        try {
          unlinkSync(join(folder, point))
        } catch {
          return
        }
        process.kill(process.pid, 'SIGKILL')
      }
