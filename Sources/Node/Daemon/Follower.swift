import Logging
import ServiceLifecycle
import Store
import Wire

/// Keeps a federation's node in sync with headquarters: on a schedule, soon after rows change, and less and less often
/// while headquarters is away.
///
/// `debounce` of swift-async-algorithms would need a sequence of changes, and SQLite offers only a version to ask for.
struct Follower: Service {
  let node: LocalNode
  let settings: DaemonSettings
  let logger: Logger
  let notifier: ServiceNotifier

  func run() async throws {
    await offload { [notifier] in notifier.ready() }
    try await cancelWhenGracefulShutdown { try await loop() }
  }

  private func loop() async throws {
    var backoff = Backoff()
    var news = PersonalNews()
    while !Task.isCancelled {
      let isInSync = try await sync()
      if Task.isCancelled { return }
      await news.log(node.store, to: logger)
      let pause: Duration
      if isInSync {
        backoff.succeed()
        pause = Backoff.jittered(.seconds(max(1, settings.intervalSeconds)), by: 0.1)
      } else {
        pause = backoff.fail()
        logger.info("trying again in \(pause.components.seconds) s")
      }
      // While headquarters is away, new edits are no reason to try more often.
      do { try await wait(pause, untilRowsChange: isInSync) } catch { return }
    }
  }

  /// - Returns: whether both sides hold the same now.
  /// - Throws: `StoreError` with code `renewed` or `replaced`, so that the service starts again under the new key or with
  ///   the file that is there now.
  private func sync() async throws -> Bool {
    do {
      let report = try await node.sync()
      let words = report.outcome == .even ? "in sync with headquarters" : "not yet in sync with headquarters"
      await show("\(words); last time \(report.sent.changes) sent, \(report.received.changes) received")
      let isNews = report.sent.changes + report.received.changes > 0 || report.outcome != .even
      logger.log(
        level: isNews ? .info : .debug, "synced",
        metadata: [
          "outcome": report.outcome == .even ? "in sync" : "partial",
          "rounds": "\(report.rounds)", "sent": "\(report.sent.changes)",
          "received": "\(report.received.changes)",
          "deleted": "\(report.deleted.sent + report.deleted.received)", "conflicts": "\(report.conflictsOpened)",
        ])
      if report.held > 0 {
        logger.warning(
          "edits are not sent until a person confirms them: see `birlik held`", metadata: ["records": "\(report.held)"])
      }
      for words in report.notices + report.refusals { logger.warning("\(words)") }
      if !report.cannotGive.isEmpty {
        logger.warning(
          "headquarters lost changes that this node no longer keeps: \(report.cannotGive.joined(separator: "; "))")
      }
      return report.outcome == .even
    } catch let error as StoreError where error.needsRestart {
      throw error
    } catch  where Task.isCancelled {
      return false
    } catch {
      await show("the last sync failed; edits are safe")
      logger.warning("sync failed", metadata: ["reason": "\(error)"])
      return false
    }
  }

  /// What `systemctl status` shows.
  private func show(_ status: String) async { await offload { [notifier] in notifier.status(status) } }

  /// Waits, but no longer than until a moment after a clerk's edit.
  private func wait(_ pause: Duration, untilRowsChange: Bool) async throws {
    let store = node.store
    let clock = ContinuousClock()
    let end = clock.now + pause
    // Whatever is wrong with the file is met and told below, a second later.
    var seen = try? await offload { try store.dataVersion() }
    while clock.now < end {
      try await Task.sleep(for: min(.seconds(1), clock.now.duration(to: end)))
      let version: Int64?
      do { version = try await offload { try store.dataVersion() } } catch let error as StoreError
        where error.needsRestart
      {
        // The next sync reports it and ends the service.
        return
      } catch {
        // The file cannot be read now. It is asked again in a second, and the next sync reports what is wrong.
        version = nil
      }
      guard untilRowsChange, version != seen else { continue }
      // Not only clerks write: `birlik sync` beside this daemon does too.
      do {
        let hasCaptured = try await offload {
          // Reads again what another process may have changed, such as this node's key.
          _ = try store.role()
          return try store.hasCaptured()
        }
        seen = version
        guard hasCaptured else { continue }
      } catch let error as StoreError where error.needsRestart {
        // The next sync reports it and ends the service.
        return
      } catch {
        // As above.
        continue
      }
      try await Task.sleep(for: .milliseconds(500))
      return
    }
  }
}
