import Logging
import ServiceLifecycle
import Store
import SyncCore

/// Ends headquarters' server once its key was changed and what systemd handed over is the one of before: files in memory
/// do not change while the service runs, so it has to be started again.
struct ServerKeyWatch: Service {
  /// The base64 of the pin of the key that the server shows.
  let pin: String
  let store: Store
  let logger: Logger

  /// - Throws: `StoreError` with code `renewed`, so that the service begins again with the new key.
  func run() async throws {
    try await cancelWhenGracefulShutdown { try await watch() }
  }

  private func watch() async throws {
    // Whoever began with such a key was given it: beginning again would give the same.
    var isEnding = true
    var seen: Int64?
    while !Task.isCancelled {
      let store = store
      // A file that cannot be asked now is asked again in a second.
      let version = try? await offload { try store.dataVersion() }
      if let version, version != seen, let isRetired = await isRetired() {
        if isRetired, seen == nil {
          isEnding = false
          logger.warning(
            "the key that systemd hands over is no longer in use: nodes do not take this server for theirs")
        }
        if isRetired, isEnding {
          throw StoreError(
            .renewed, "serving", "the key of this server was changed meanwhile", hint: "start birlik again")
        }
        seen = version
      }
      do { try await Task.sleep(for: .seconds(1)) } catch { return }
    }
  }

  /// Nil while the database cannot be asked.
  private func isRetired() async -> Bool? {
    let (store, pin) = (store, pin)
    let keys = try? await offload { try store.serverKeys() }
    return keys.map { $0.contains { $0.state == .retired && $0.pin.sameBytes(as: pin) } }
  }
}
