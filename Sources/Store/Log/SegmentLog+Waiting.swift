import SyncCore
import Wire

/// Segments that wait for one that they build on.
extension SegmentLog {
  /// Lets a segment wait.
  ///
  /// - Returns: false when it waits already.
  func wait(_ segment: Segment, for missing: Digest) throws -> Bool {
    let statement = try connection.prepared(
      "INSERT OR IGNORE INTO birlik_waiting(hash, missing, bytes, author) VALUES(?1, ?2, ?3, ?4)")
    statement.bind(1, blob: segment.hash.bytes)
    statement.bind(2, blob: missing.bytes)
    statement.bind(3, blob: segment.bytes)
    statement.bind(4, blob: segment.header.origin.node.bytes)
    try statement.step()
    return connection.changes > 0
  }

  /// The bytes of the segments that wait for one, which wait no longer.
  func removeWaiting(for missing: Digest) throws -> [[UInt8]] {
    let select = try connection.prepared("SELECT bytes FROM birlik_waiting WHERE missing=?1")
    select.bind(1, blob: missing.bytes)
    var waiting: [[UInt8]] = []
    while try select.step() { waiting.append(select.bytes(0)) }
    guard !waiting.isEmpty else { return [] }
    let forget = try connection.prepared("DELETE FROM birlik_waiting WHERE missing=?1")
    forget.bind(1, blob: missing.bytes)
    try forget.step()
    return waiting
  }

  /// Calls `body` with the bytes of every segment that waits, in order of their hashes; all together may be too much for
  /// memory.
  func eachWaiting(_ body: ([UInt8]) throws -> Void) throws {
    let select = try connection.prepared("SELECT bytes FROM birlik_waiting ORDER BY hash")
    defer { select.reset() }
    while try select.step() { try body(select.bytes(0)) }
  }

  func forgetWaiting() throws { try connection.execute("DELETE FROM birlik_waiting") }

  func waitingCount() throws -> Int { try connection.count("birlik_waiting") }

  /// How much waits, by author; of what an earlier program stored the author is not known.
  func waitingRoom() throws -> WaitingRoom {
    var room = WaitingRoom()
    let select = try connection.prepared(
      "SELECT author, count(*), CAST(total(length(bytes)) AS INTEGER) FROM birlik_waiting GROUP BY author")
    while try select.step() {
      room.enter(segments: select.int(1), bytes: select.int(2), of: NodeID(bytes: select.bytes(0)))
    }
    return room
  }
}
