import Logging
import ServiceLifecycle
import Store
import SyncCore

/// Ends headquarters' server once its key was changed and the key that systemd provided is the previous one. Systemd's
/// copy does not change while the service runs, so the service has to be started again.
struct ServerKeyWatch: Service {
  /// The base64 of the pin of the key that the server shows.
  let pin: String
  let store: Store
  let logger: Logger

  private struct Look {
    /// The version of the database at the last look; nil before the first.
    var version: Int64?
    /// False if the key was retired at the start already: starting again would bring the same key.
    var isEnding = true
  }

  /// - Throws: `StoreError` with code `renewed`, so that the service starts again with the new key.
  func run() async throws {
    try await Polling.every(.seconds(1), from: Look()) { last in
      // A file that is busy now is asked again in a second.
      guard let version = try? await offload({ [store] in try store.dataVersion() }), version != last.version,
        let isRetired = await isRetired()
      else { return }
      if isRetired, last.version == nil {
        last.isEnding = false
        logger.warning("the key that systemd provides is no longer in use: nodes do not recognize this server")
      }
      if isRetired, last.isEnding {
        throw StoreError(
          .renewed, "serving", "the key of this server was changed meanwhile", hint: "start birlik again")
      }
      last.version = version
    }
  }

  /// Nil if the database cannot be read now.
  private func isRetired() async -> Bool? {
    let (store, pin) = (store, pin)
    let keys = try? await offload { try store.serverKeys() }
    return keys.map { $0.contains { $0.state == .retired && $0.pin.sameBytes(as: pin) } }
  }
}
