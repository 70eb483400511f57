import GRDB
import SyncCore
import Wire

@testable import Store

/// What tests reach inside a store. Only this file knows how; all others ask here.
extension TestNode {
  // MARK: SQL

  /// Runs SQL as the store itself does: no edit is captured.
  func execute(_ sql: String) throws { try store.withFile { try $0.connection.execute(sql) } }

  /// Compiles SQL without running it.
  func compile(_ sql: String) throws { try store.withFile { _ = try $0.connection.prepared(sql) } }

  /// How many transactions begin while `body` runs.
  func transactions(_ body: () throws -> Void) throws -> Int {
    let counter = Counter()
    try store.withFile { file in
      file.connection.database.trace { event in
        if "\(event)".hasPrefix("BEGIN") { counter.count += 1 }
      }
    }
    try body()
    try store.withFile { $0.connection.database.trace(options: []) }
    return counter.count
  }

  private final class Counter { var count = 0 }

  /// Durability costs time and no test here takes the power away.
  func hurry() throws { try execute("PRAGMA synchronous=OFF") }

  /// Rows of the file as text; NULL is `∅`.
  func rows(_ columns: [String], _ source: String) throws -> [[String]] {
    try store.read { transaction in
      let statement = try transaction.connection.prepared("SELECT \(columns.joined(separator: ", ")) FROM \(source)")
      defer { statement.reset() }
      var rows: [[String]] = []
      while try statement.step() {
        rows.append(columns.indices.map { statement.isNull($0) ? "∅" : statement.string($0) })
      }
      return rows
    }
  }

  /// One column of BLOBs as a list.
  func blobs(_ column: String, _ source: String) throws -> [[UInt8]] {
    try store.read { transaction in
      let statement = try transaction.connection.prepared("SELECT \(column) FROM \(source)")
      defer { statement.reset() }
      var blobs: [[UInt8]] = []
      while try statement.step() { blobs.append(statement.bytes(0)) }
      return blobs
    }
  }

  /// Runs `body` in one transaction of a clerk's program, on a connection of its own that captures.
  private func asClerk<Value>(_ body: (Connection) throws -> Value) throws -> Value {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    configuration.busyMode = .timeout(Store.busySeconds)
    do {
      let queue = try DatabaseQueue(path: store.path, configuration: configuration)
      return try queue.inDatabase { database in
        let connection = Connection(database)
        defer { connection.forgetStatements() }
        return try connection.transaction { try body(connection) }
      }
    } catch let error as DatabaseError {
      throw StoreError(error, "editing")
    }
  }

  /// Runs statements in one transaction of a clerk's program, without those that are refused at once.
  ///
  /// - Returns: how many were accepted.
  @discardableResult
  func type(_ statements: [String]) throws -> Int {
    try asClerk { connection in
      let before = try connection.prepared("SELECT coalesce(max(seq), 0) FROM birlik_capture")
      _ = try before.step()
      let last = before.int64(0)
      before.reset()
      var accepted = 0
      for sql in statements {
        try connection.execute("SAVEPOINT one")
        do {
          try connection.execute(sql)
          accepted += 1
        } catch let error as StoreError where error.code == .invalid {
          try connection.execute("ROLLBACK TO one")
        }
        try connection.execute("RELEASE one")
      }
      if let clock { try connection.execute("UPDATE birlik_capture SET ms=\(clock) WHERE seq>\(last)") }
      return accepted
    }
  }

  /// Runs SQL as a clerk's program does that ignores the tables' checks.
  func typeUnchecked(_ sql: String) throws {
    try asClerk { connection in
      try connection.execute("PRAGMA ignore_check_constraints=ON")
      try connection.execute(sql)
    }
  }

  /// Seals as programs did that sealed what the catalog does not allow, with a flag.
  func sealAsOldProgram() throws {
    try store.write { try Sealer($0, wall: clock ?? SystemClock.now(), judgesValues: false).sealAll() }
  }

  /// What sealing so adds.
  func sealedAsOldProgram() throws -> [Change] {
    let before = try lastSegment()
    try sealAsOldProgram()
    return try changes(after: before)
  }

  // MARK: The log

  /// The whole log, in order.
  func log() throws -> [[UInt8]] { try blobs("bytes", "birlik_segment ORDER BY id") }

  /// The origin under which the node seals next.
  func origin() throws -> Origin { try store.read { try $0.origin() } }

  /// Makes the node's origin known before the run: equal seeds give equal runs.
  func setNonce(_ nonce: Int64) throws { try store.write { try $0.meta.set(.nonce, .integer(nonce)) } }

  /// Seals everything in passes of a few edits, each in a transaction of its own.
  func sealInPasses(of limit: Int) throws {
    while try store.hasCaptured() {
      try store.write { _ = try Sealer($0, wall: clock ?? SystemClock.now(), limit: limit).sealPass() }
    }
  }

  /// Seals everything, and runs `body` before the transaction ends.
  func seal(beforeCommit body: () throws -> Void) throws {
    try store.write { transaction in
      try Sealer(transaction, wall: SystemClock.now()).sealAll()
      try body()
    }
  }

  /// Seals everything and absorbs segments of an unknown author, in a transaction that `error` ends.
  ///
  /// - Parameter report: gets what was absorbed until then.
  func sealAndAbsorb(
    _ segments: [[UInt8]], of author: NodeCard, failingWith error: any Error, report: (AbsorbReport) -> Void
  ) throws {
    try store.write { transaction in
      try Sealer(transaction, wall: SystemClock.now()).sealAll()
      try transaction.directory.add(author)
      let absorber = Absorber(transaction)
      for segment in segments { try absorber.absorb(Arrival(segment)) }
      report(absorber.report)
      throw error
    }
  }

  /// Seals an entry of a system record that the store itself would not write.
  func forge(
    _ kind: Kind, key: String, in channel: Channel, at time: Int64, _ values: [(String, Value)]
  ) throws {
    try store.write { transaction in
      try Sealer(transaction, wall: time).sealAll {
        try $0.seal(kind, key: RecordKey(key), in: channel, at: time, values)
      }
    }
  }

  /// A page of a snapshot that the node offers; empty when it has none.
  func page(_ digest: Digest) throws -> [UInt8] { try store.read { try $0.snapshots.page(digest) ?? [] } }

  // MARK: Heads

  /// What the node holds of every record.
  func heads() throws -> [(record: Oracle.Record, state: RecordState)] {
    try store.read { transaction in
      var places: [HeadTable.Place] = []
      try transaction.heads.each { place, _ in places.append(place) }
      return try places.compactMap { place in
        guard let channel = transaction.directory.channel(place.channel) else { return nil }
        let table = transaction.table(place.kind)
        let slots =
          try table.map { try transaction.records.slots($0, place.key) }
          ?? transaction.records.slots(place.kind, place.key)
        let record = Oracle.Record(kind: place.kind, key: place.key, channel: channel)
        return (record, slots[place.channel] ?? RecordState())
      }
    }
  }

  /// Runs `body` with names for the node's clocks that are the same on every node.
  func withClockNames<Value>(_ body: (_ name: (Clock) -> String) throws -> Value) throws -> Value {
    try store.read { transaction in
      try body { clock in
        let origin = transaction.log.streams.stream(clock.stream)?.origin.hex ?? "?"
        return "\(origin)/\(clock.sequence)/\(((try? transaction.log.hash(at: clock)) ?? nil)?.hex ?? "?")"
      }
    }
  }
}
