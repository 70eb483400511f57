import Foundation
import GRDB
import Node
import Store
import SyncCore

/// What triggers cost a clerk: the same plain table with and without them.
struct CaptureBenchmark {
  let rows: Int
  let folder: URL
  private static let repetitions = 3

  func run() throws {
    var best: [String: (plain: Double, captured: Double)] = [:]
    for round in 0..<Self.repetitions {
      let captured = folder.appendingPathComponent("capture-\(round).db").path
      let node = try LocalNode.initializeHeadquarters(
        database: captured, name: "Benchmark", code: "ftuu", catalogFolder: nil, listen: "127.0.0.1:1")
      try node.store.close()
      let plain = folder.appendingPathComponent("plain-\(round).db").path
      try copyTable(from: captured, to: plain)
      // Alternately first, so that neither has the warmer disk.
      let order = round % 2 == 0 ? [plain, captured] : [captured, plain]
      var times: [String: [String: Double]] = [:]
      for path in order { times[path] = try measure(path) }
      for (name, time) in times[plain] ?? [:] {
        let other = times[captured]?[name] ?? .infinity
        let known = best[name] ?? (.infinity, .infinity)
        best[name] = (min(known.plain, time), min(known.captured, other))
      }
    }
    for (name, limit) in [
      ("insert, random keys", 1.6), ("update of one column", 1.5), ("durable single-row commit", 1.1),
    ] {
      guard let time = best[name] else { continue }
      Benchmark.report("capture: \(name)", time.captured / time.plain, limit: limit, unit: "x")
    }
  }

  private func copyTable(from source: String, to target: String) throws {
    let sql = try DatabaseQueue(path: source).read {
      try String.fetchOne($0, sql: "SELECT sql FROM sqlite_master WHERE name='membership_return'") ?? ""
    }
    try DatabaseQueue(path: target).writeWithoutTransaction { try $0.execute(sql: sql) }
  }

  /// The seconds of each way of writing.
  private func measure(_ path: String) throws -> [String: Double] {
    var configuration = Configuration()
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous=FULL") }
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    var generator = Deterministic(state: 7)
    let units = (0..<rows).map { String(format: "ftuu-%06d", $0) }.shuffled(using: &generator)
    return try queue.writeWithoutTransaction { database in
      var times: [String: Double] = [:]
      times["insert, random keys"] = try Benchmark.seconds {
        try database.execute(sql: "BEGIN IMMEDIATE")
        let insert = try database.makeStatement(
          sql: "INSERT INTO membership_return(unit, as_of, axis, members_total, method) "
            + "VALUES(?, '2025-10-31', 'territorial', ?, 'estimate')")
        for (index, unit) in units.enumerated() { try insert.execute(arguments: [unit, 10 + index % 90]) }
        try database.execute(sql: "COMMIT")
      }
      times["update of one column"] = try Benchmark.seconds {
        try database.execute(sql: "BEGIN IMMEDIATE")
        let update = try database.makeStatement(
          sql: "UPDATE membership_return SET members_total=? WHERE unit=? AND as_of='2025-10-31' AND axis='territorial'"
        )
        for (index, unit) in units.enumerated() { try update.execute(arguments: [200 + index % 90, unit]) }
        try database.execute(sql: "COMMIT")
      }
      let single = try database.makeStatement(
        sql: "UPDATE membership_return SET members_total=? WHERE unit=? AND as_of='2025-10-31' AND axis='territorial'")
      times["durable single-row commit"] = try Benchmark.seconds {
        for (index, unit) in units.prefix(400).enumerated() { try single.execute(arguments: [500 + index, unit]) }
      }
      return times
    }
  }
}
