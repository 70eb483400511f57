import Foundation
import Logging
import Server
import ServiceLifecycle
import Store
import SyncCore
import UnixSignals
import Wire

/// How the daemon runs.
public struct DaemonSettings: Sendable {
  /// The address to listen on, such as `127.0.0.1:8650`; headquarters only. Nil for the one that the database names.
  public var listen: String?
  /// Seconds between scheduled syncs; federations only.
  public var intervalSeconds: Int

  public init(listen: String? = nil, intervalSeconds: Int = 300) {
    self.listen = listen
    self.intervalSeconds = intervalSeconds
  }
}

/// `birlik serve`: headquarters answers exchanges, a federation syncs on a schedule and when rows change.
public enum Daemon {
  /// Runs until SIGTERM or SIGINT.
  ///
  /// - Throws: `NodeError` or `ServerError` when it cannot begin.
  public static func run(node: LocalNode, settings: DaemonSettings, logger: Logger) async throws {
    let notifier = ServiceNotifier(environment: ProcessInfo.processInfo.environment)
    var services: [any Service] = [Watchdog(notifier: notifier)]
    if node.store.identity.role.isHeadquarters {
      services += try headquarters(node, settings, logger, notifier)
    } else {
      services.append(Follower(node: node, settings: settings, logger: logger, notifier: notifier))
    }
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    defer { notifier.stopping() }
    try await group.run()
  }

  private static func headquarters(
    _ node: LocalNode, _ settings: DaemonSettings, _ logger: Logger, _ notifier: ServiceNotifier
  ) throws -> [any Service] {
    let address = try settings.listen ?? node.store.listen() ?? "127.0.0.1:8650"
    let (host, port) = try parse(address)
    let server = HeadquartersServer(
      service: Headquarters(node.store, logger: logger), host: host, port: port, logger: logger
    ) { bound in
      logger.info("listening on \(host):\(bound)")
      notifier.ready()
      notifier.status("serving on \(host):\(bound)")
    }
    return [server, SealingLoop(store: node.store, logger: logger)]
  }

  /// `host:port`, with an IPv6 address in brackets.
  static func parse(_ address: String) throws -> (host: String, port: Int) {
    guard let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]),
      (0...65_535).contains(port), colon > address.startIndex
    else {
      throw NodeError(
        .config, "reading the address to listen on", "'\(address)' is no host:port", hint: "write 127.0.0.1:8650")
    }
    return (address[..<colon].trimmingBrackets, port)
  }
}

extension Substring {
  fileprivate var trimmingBrackets: String {
    hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : String(self)
  }
}

/// Tells systemd that the daemon is alive.
struct Watchdog: Service {
  let notifier: ServiceNotifier

  func run() async throws {
    let interval = notifier.watchdogInterval ?? .seconds(3600)
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        notifier.watchdog()
        do { try await Task.sleep(for: interval) } catch { return }
      }
    }
  }
}

/// Seals at headquarters what its own people type, so that the next exchange and the totals have it.
struct SealingLoop: Service {
  let store: Store
  let logger: Logger

  func run() async throws {
    let store = store
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do {
          let sealed = try await offload { try store.seal() }
          if sealed.changes > 0 { logger.info("sealed", metadata: ["changes": "\(sealed.changes)"]) }
        } catch {
          logger.warning("sealing has to wait", metadata: ["reason": "\(error)"])
        }
        do { try await Task.sleep(for: .seconds(1)) } catch { return }
      }
    }
  }
}
