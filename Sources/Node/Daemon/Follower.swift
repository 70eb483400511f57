import Logging
import ServiceLifecycle
import Store
import Wire

/// Keeps a federation's node even with headquarters: on a schedule, soon after rows changed, and patiently while
/// headquarters is away.
struct Follower: Service {
  let node: LocalNode
  let settings: DaemonSettings
  let logger: Logger
  let notifier: ServiceNotifier

  func run() async throws {
    notifier.ready()
    try await cancelWhenGracefulShutdown { try await loop() }
  }

  private func loop() async throws {
    var backoff = Backoff()
    var news = PersonalNews()
    while !Task.isCancelled {
      let isEven = try await sync()
      await news.tell(node.store, logger)
      let pause: Duration
      if isEven {
        backoff.succeed()
        pause = Backoff.jittered(.seconds(max(1, settings.intervalSeconds)), by: 0.1)
      } else {
        pause = backoff.fail()
        logger.info("trying again in \(pause.components.seconds) s")
      }
      // While headquarters is away, new edits are no reason to try more often.
      do { try await wait(pause, untilRowsChange: isEven) } catch { return }
    }
  }

  /// - Throws: `StoreError` with code `renewed`, so that the service begins again under the new key.
  private func sync() async throws -> Bool {
    do {
      let report = try await node.sync()
      notifier.status(
        "last sync \(report.outcome.rawValue), \(report.sent.changes) sent, \(report.received.changes) received")
      let isNews = report.sent.changes + report.received.changes > 0 || report.outcome != .even
      logger.log(
        level: isNews ? .info : .debug, "synced",
        metadata: [
          "outcome": "\(report.outcome.rawValue)", "rounds": "\(report.rounds)", "sent": "\(report.sent.changes)",
          "received": "\(report.received.changes)", "conflicts": "\(report.conflictsOpened)",
        ])
      for words in report.notices + report.refusals { logger.warning("\(words)") }
      if !report.cannotGive.isEmpty {
        logger.warning("headquarters lacks what is not kept here: \(report.cannotGive.joined(separator: "; "))")
      }
      return report.outcome == .even
    } catch let error as StoreError where error.code == .renewed {
      throw error
    } catch {
      notifier.status("headquarters or the database is away; edits are kept")
      logger.warning("sync failed", metadata: ["reason": "\(error)"])
      return false
    }
  }

  /// Waits, but no longer than until a clerk's edit has stood for a moment.
  private func wait(_ pause: Duration, untilRowsChange: Bool) async throws {
    let store = node.store
    let clock = ContinuousClock()
    let end = clock.now + pause
    var seen = try? await offload { try store.dataVersion() }
    while clock.now < end {
      try await Task.sleep(for: min(.seconds(1), clock.now.duration(to: end)))
      guard untilRowsChange else { continue }
      let version = try? await offload { try store.dataVersion() }
      guard version != seen else { continue }
      // Others than clerks write as well: `birlik sync` beside this daemon, for one.
      do {
        let hasCaptured = try await offload {
          // Reads anew what another process changed, this node's key among it.
          _ = try store.role()
          return try store.hasCaptured()
        }
        seen = version
        guard hasCaptured else { continue }
      } catch let error as StoreError where error.code == .renewed {
        // The next sync says so, and ends the service.
        return
      } catch {
        // The file cannot be asked now: it is again in a second, and the next sync tells what is wrong with it.
        continue
      }
      try await Task.sleep(for: .milliseconds(500))
      return
    }
  }
}

/// How long to wait after failures: twice as long each time, with jitter so that offices do not come all at once.
struct Backoff: Sendable {
  static let first: Duration = .seconds(5)
  static let longest: Duration = .seconds(900)
  private var next = Backoff.first

  mutating func succeed() { next = Self.first }

  mutating func fail() -> Duration {
    defer { next = min(next * 2, Self.longest) }
    return Self.jittered(next, by: 0.3)
  }

  /// A duration that differs from `duration` by at most that share of it.
  static func jittered(_ duration: Duration, by share: Double) -> Duration {
    duration * Double.random(in: (1 - share)...(1 + share))
  }
}
