import Logging
import ServiceLifecycle
import Store

/// Seals every second what people type at headquarters, so that the next exchange and the totals have it. Ends the service
/// once another file is in the place of the database.
struct SealingLoop: Service {
  let store: Store
  let logger: Logger

  func run() async throws {
    try await offload { [store] in try store.refreshTotals(mayWait: true) }
    try await Polling.every(.seconds(1), from: ()) { [store, logger] _ in
      do {
        let sealed = try await offload { try store.seal() }
        if sealed.held > 0 {
          logger.warning(
            "edits are not sealed until a person confirms them: see `birlik held`",
            metadata: ["records": "\(sealed.held)"])
        }
        for words in try await offload({ try store.notes(on: sealed.typed) }).words(atMost: 10) {
          logger.warning("\(words)")
        }
        if sealed.changes > 0 { logger.info("edits added to the log", metadata: ["changes": "\(sealed.changes)"]) }
      } catch let error as StoreError where error.needsRestart {
        throw error
      } catch {
        logger.warning("edits cannot be added to the log yet", metadata: ["reason": "\(error)"])
      }
    }
  }
}
