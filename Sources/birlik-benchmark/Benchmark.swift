import Foundation
import GRDB
import Logging
import Node
import Store
import SyncCore
import Wire

/// Measures Birlik's speed and size, as ratios to plain SQLite in the same run where there is something to compare.
///
/// ```
/// swift run -c release birlik-benchmark            the full scale, 137,131 returns
/// swift run -c release birlik-benchmark 10000      fewer
/// swift run -c release birlik-benchmark 137131 snapshot   joining by a snapshot and by the log, each return edited ten times
/// ```
@main
enum Benchmark {
  static func main() async throws {
    let arguments = CommandLine.arguments
    if arguments.count == 4, arguments[1] == "serve" {
      let node = try LocalNode.open(database: arguments[2])
      var logger = Logger(label: "birlik")
      logger.logLevel = .warning
      return try await Daemon.run(node: node, settings: DaemonSettings(listen: arguments[3]), logger: logger)
    }
    let rows = arguments.count > 1 ? Int(arguments[1]) ?? 137_131 : 137_131
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("birlik-benchmark-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    if arguments.contains("snapshot") { return try await SnapshotBenchmark(rows: rows, folder: folder).run() }
    try await SyncBenchmark(rows: rows, folder: folder).run()
    try CaptureBenchmark(rows: rows, folder: folder).run()
    print("\(rows) returns, SQLite \(Database.sqliteLibVersionNumber)")
  }

  /// The seconds that `body` takes.
  static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let duration = try clock.measure(body)
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  }

  static func padded(_ label: String) -> String { label.padding(toLength: 46, withPad: " ", startingAt: 0) }

  static func report(_ label: String, _ value: Double, limit: Double, unit: String, isFloor: Bool = false) {
    let isMet = isFloor ? value >= limit : value <= limit
    let words = String(
      format: "%12.2f %@   (%@ %.6g) %@", value, unit, isFloor ? "at least" : "at most", limit, isMet ? "" : "MISSED")
    print(padded(label) + words)
  }
}

extension Database {
  static var sqliteLibVersionNumber: String {
    (try? DatabaseQueue().read { try String.fetchOne($0, sql: "SELECT sqlite_version()") }) ?? "?"
  }
}

/// A generator that gives the same numbers in every run.
struct Deterministic: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let mixed = (state ^ state >> 33) &* 0xff51_afd7_ed55_8ccd
    return mixed ^ mixed >> 29
  }
}
