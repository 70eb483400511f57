import SyncCore

/// Gateway of `birlik_batch`: what was done at once at this node, so that it can be undone as a whole.
final class BatchTable {
  enum Sort: String {
    case imported
    case synced
  }

  /// One batch.
  struct Batch {
    /// When it ended, in milliseconds since 1970.
    var at: Int64
    var sort: Sort
    /// The kind that was imported; empty for a sync.
    var kind = ""
    /// The earliest and the latest time at which an edit of it was captured; nil where nothing was.
    var captured: ClosedRange<Int64>?
    /// How many records were created or edited.
    var records = 0
    /// Of a sync the last sequence of each stream of this node.
    var ends: [StreamNumber: Int64] = [:]
  }

  private let connection: Connection

  init(_ connection: Connection) { self.connection = connection }

  func add(_ batch: Batch) throws {
    let insert = try connection.prepared(
      "INSERT INTO birlik_batch(at, sort, kind, first, last, records, ends) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)")
    insert.bind(1, batch.at)
    insert.bind(2, text: batch.sort.rawValue)
    insert.bind(3, text: batch.kind)
    for (place, time) in [(4, batch.captured?.lowerBound), (5, batch.captured?.upperBound)] {
      if let time { insert.bind(place, time) } else { insert.bindNull(place) }
    }
    insert.bind(6, batch.records)
    let ends = batch.ends.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }
    insert.bind(7, text: ends.joined(separator: " "))
    try insert.step()
    // Of earlier ones none is asked for.
    let forget = try connection.prepared(
      "DELETE FROM birlik_batch WHERE sort=?1 AND id NOT IN "
        + "(SELECT id FROM birlik_batch WHERE sort=?1 ORDER BY id DESC LIMIT 2)")
    forget.bind(1, text: batch.sort.rawValue)
    try forget.step()
  }

  /// The last batches of a sort, the latest first; at most two.
  func last(_ sort: Sort) throws -> [Batch] {
    let select = try connection.prepared(
      "SELECT at, kind, first, last, records, ends FROM birlik_batch WHERE sort=?1 ORDER BY id DESC LIMIT 2")
    select.bind(1, text: sort.rawValue)
    var batches: [Batch] = []
    while try select.step() {
      var batch = Batch(at: select.int64(0), sort: sort, kind: select.string(1))
      let (first, last) = (select.int64(2), select.int64(3))
      if !select.isNull(2), first <= last { batch.captured = first...last }
      batch.records = select.int(4)
      for pair in select.string(5).split(separator: " ") {
        let parts = pair.split(separator: ":")
        guard parts.count == 2, let stream = Int(parts[0]), let end = Int64(parts[1]) else { continue }
        batch.ends[StreamNumber(stream)] = end
      }
      batches.append(batch)
    }
    return batches
  }
}
