import Crypto
import Foundation
import GRDB
import SyncCore
import Wire

/// What folding the whole log again found.
public struct VerifyReport: Sendable, Equatable {
  /// True when rows, heads, conflicts and totals are what the log says.
  public var ok: Bool { problems.isEmpty }
  public var records = 0
  public var changes = 0
  /// Segments whose bodies are not kept here, and their changes: of those only chain and signature were checked.
  public var prunedSegments = 0
  public var prunedChanges: Int64 = 0
  /// Records of which a value came from those: that it is what its author sealed could not be checked.
  public var uncheckedRecords = 0
  /// In words, the first few of each sort.
  public var problems: [String] = []
  /// For each channel the hash of all its heads: equal on two nodes exactly when they hold the same.
  public var digests: [Channel: String] = [:]
  /// All of `digests` in one.
  public var digest = ""

  public init() {}
}

extension Store {
  /// How many differences of each sort are told.
  private static let toldDifferences = 5

  /// Folds the whole log again, in a database of its own, and compares rows, heads, conflicts and totals. Every segment's
  /// chain and signature are checked on the way. What is captured is sealed first.
  ///
  /// - Parameter progress: called with the number of changes folded so far.
  public func verify(progress: (Int) -> Void = { _ in }) throws -> VerifyReport {
    try seal()
    try refreshTotals()
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("birlik-verify-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("fold.db").path
    var report = VerifyReport()
    try refold(at: path, into: &report, progress)
    try inQueue { engine in
      let attach = try engine.connection.prepared("ATTACH ?1 AS fold")
      attach.bind(1, text: path)
      try attach.step()
      defer {
        engine.connection.forgetStatements()
        try? engine.connection.execute("DETACH fold")
      }
      try engine.read { try engine.compareWithFold(&report, told: Self.toldDifferences) }
    }
    try read { engine in
      report.digests = try engine.channelDigests()
      report.records = try engine.count("birlik_head")
    }
    var all = SHA256()
    for (channel, digest) in report.digests.sorted(by: { $0.key < $1.key }) {
      all.update(data: Array("\(channel) \(digest)\n".utf8))
    }
    report.digest = Hex.string(Array(all.finalize()))
    return report
  }

  /// The hash of all heads of each channel.
  public func channelDigests() throws -> [Channel: String] { try read { try $0.channelDigests() } }

  private func refold(at path: String, into report: inout VerifyReport, _ progress: (Int) -> Void) throws {
    guard let headquartersCard = try headquartersCard() else {
      return report.problems.append("the card of headquarters is missing")
    }
    let beginning = Beginning(
      identity: identity, headquartersCard: headquartersCard, catalog: try publishedCatalog(), upstream: nil, offset: 0)
    try Store.create(path: path, beginning)
    let fold = try Store(path: path, key: identity.key)
    defer { try? fold.close() }
    try fold.inQueue { try $0.connection.execute("PRAGMA synchronous=OFF") }
    let passing = try VerifyPass(self, fold)
    try passing.run(into: &report, told: Self.toldDifferences, progress)
    try fold.refreshTotals()
  }
}

extension Engine {
  /// Compares every table with the one that was folded again.
  fileprivate func compareWithFold(_ report: inout VerifyReport, told: Int) throws {
    let generated: [(what: String, table: String, columns: String, filter: String)] = [
      ("heads", "birlik_head", "kind, key, {channel}, state", "1"),
      ("conflicts", "birlik_conflict", "kind, key, {channel}, field", "closed_at IS NULL"),
      ("wrong values", "birlik_invalid", "kind, key, {channel}, field", "1"),
      (
        "totals", "birlik_total", "indicator, slot, federation, day, amount, reported, expected",
        "amount<>0 OR reported<>0 OR expected<>0"
      ),
    ]
    for part in generated {
      try compare(part.what, part.table, columns: part.columns, filter: part.filter, &report, told: told)
    }
    for kind in catalog.kinds {
      guard let table = tables[kind.id], table.isShared else { continue }
      let columns = (kind.key.map(\.name) + ["federation"] + table.fields.map(\.name)).map(\.sql)
      try compare(
        "rows of \(kind.name)", kind.name, columns: columns.joined(separator: ", "), filter: "1", &report, told: told)
    }
  }

  private func compare(
    _ what: String, _ table: String, columns: String, filter: String, _ report: inout VerifyReport, told: Int
  ) throws {
    // Each file numbers channels by itself.
    let select = { (schema: String) in
      let channel = "(SELECT name FROM \(schema).birlik_channel WHERE id=channel)"
      return "SELECT \(columns.replacing("{channel}", with: channel)) FROM \(schema).\(table) WHERE \(filter)"
    }
    let here = select("main")
    let folded = select("fold")
    for (one, other, word) in [
      (here, folded, "stands here, not in the log"), (folded, here, "is in the log, not here"),
    ] {
      let statement = try connection.prepared("\(one) EXCEPT \(other) LIMIT \(told)")
      let width = columns.split(separator: ",").count
      while try statement.step() {
        let cells = (0..<min(width, 4)).map { statement.isNull($0) ? "" : statement.string($0) }
        let words = cells.map { $0.replacing("\0", with: "/") }.filter { $0.utf8.allSatisfy { $0 >= 32 && $0 < 127 } }
        report.problems.append("\(what): \(words.joined(separator: " ")) \(word)")
      }
    }
  }

  /// The hash of all heads of each channel, with changes named as they are everywhere: origin, sequence, segment.
  func channelDigests() throws -> [Channel: String] {
    var segments: [Int: [(last: Int64, hash: [UInt8])]] = [:]
    let select = try connection.prepared("SELECT stream, last, hash FROM birlik_segment ORDER BY stream, last")
    while try select.step() { segments[select.int(0), default: []].append((select.int64(1), select.bytes(2))) }
    let origins = streams.streams.map(\.origin.bytes)
    func name(_ clock: Clock, into writer: inout ByteWriter) {
      writer.raw(origins.indices.contains(clock.stream) ? origins[clock.stream] : [])
      writer.varint(UInt64(clamping: clock.sequence))
      let held = segments[clock.stream] ?? []
      var low = 0
      var high = held.count
      while low < high {
        let middle = (low + high) / 2
        if held[middle].last < clock.sequence { low = middle + 1 } else { high = middle }
      }
      if low < held.count { writer.raw(held[low].hash) }
    }
    func names(_ clocks: [Clock], into writer: inout ByteWriter) {
      var all: [[UInt8]] = []
      for clock in clocks {
        var one = ByteWriter()
        name(clock, into: &one)
        all.append(one.bytes)
      }
      writer.count(all.count)
      for bytes in all.sorted(by: { $0.lexicographicallyPrecedes($1) }) { writer.sized(bytes) }
    }
    var hashers: [Int: SHA256] = [:]
    let heads = try connection.prepared("SELECT channel, kind, key, state FROM birlik_head ORDER BY kind, key, channel")
    defer { heads.reset() }
    while try heads.step() {
      let state = try StateCodec.decodeClocks(heads.bytes(3))
      var writer = ByteWriter()
      writer.count(heads.int(1))
      writer.sized(heads.bytes(2))
      names(state.rows.map(\.clock), into: &writer)
      writer.count(state.registers.count)
      for (key, registerHeads) in state.registers.sorted(by: { $0.key < $1.key }) {
        writer.count(key.id)
        writer.sized(key.element ?? [])
        names(registerHeads.map(\.clock), into: &writer)
      }
      names(state.deletions.map(\.clock), into: &writer)
      hashers[heads.int(0), default: SHA256()].update(data: writer.bytes)
    }
    var digests: [Channel: String] = [:]
    for (number, hasher) in hashers {
      if let channel = channelNames[number] { digests[channel] = Hex.string(Array(hasher.finalize())) }
    }
    return digests
  }
}
