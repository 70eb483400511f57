import Settings
import Store
import SyncCore

/// What a sync does where old bodies are pruned.
extension SyncSession {
  /// Prunes the bodies that the settings do not retain, of what headquarters was found to hold in this sync.
  func dropOldBodies(_ held: [FrontierEntry]) async throws {
    let (store, keepLog) = (store, keepLog)
    try await offload {
      let now = SystemClock.now() &+ (try store.clockOffset())
      guard let cutoff = keepLog.cutoff(now: now) else { return }
      try store.dropBodies(sealedBefore: cutoff, heldBy: held)
    }
  }
}
