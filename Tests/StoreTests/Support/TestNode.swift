import Foundation
import SyncCore
import TestSupport
import Wire

@testable import Store

/// One node's database with its clerk.
final class TestNode {
  let path: String
  let identity: Identity
  private(set) var store: Store
  /// The simulated clock of all clerks and seals of the test, in milliseconds since 1970; nil for the true one.
  var clock: Int64?
  /// Set where a test holds nothing but the node.
  var house: House?

  var role: NodeRole { identity.role }
  var name: String { identity.card.name }

  init(path: String, identity: Identity) throws {
    self.path = path
    self.identity = identity
    store = try Store(path: path, key: identity.key)
  }

  /// Runs SQL in the real `sqlite3` shell.
  @discardableResult
  func shell(_ sql: String) throws -> ProgramResult { try SQLiteShell.run(path, sql) }

  /// Runs SQL as a clerk's program would, within this process.
  func type(_ sql: String) throws {
    guard try type([sql]) == 1 else { throw TestProblem("refused: \(sql)") }
  }

  @discardableResult
  func seal() throws -> SealReport { try store.seal(now: clock ?? SystemClock.now()) }

  // MARK: The file

  func copyFile(to other: String) throws {
    try store.close()
    try? FileManager.default.removeItem(atPath: other)
    try FileManager.default.copyItem(atPath: path, toPath: other)
    try open()
  }

  /// Puts an earlier copy of the file back.
  ///
  /// - Parameter keepsState: whether the state file beside it stays, by which an old database is noticed.
  func restoreFile(from other: String, keepsState: Bool = false) throws {
    try store.close()
    if !keepsState { try? FileManager.default.removeItem(atPath: path + ".state") }
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.copyItem(atPath: other, toPath: path)
    try open()
  }

  func open() throws {
    store = try Store(path: path, key: identity.key)
    try hurry()
  }

  // MARK: Reading

  /// One column as a list.
  func column(_ column: String, _ source: String) throws -> [String] { try rows([column], source).map { $0[0] } }

  /// The first value of one column.
  func value(_ column: String, _ source: String) throws -> String? { try self.column(column, source).first }

  func count(_ source: String) throws -> Int { Int(try value("count(*)", source) ?? "") ?? -1 }

  /// The changes sealed by this node itself since a sequence of the log, in order.
  func changes(after segment: Int64 = 0) throws -> [Change] {
    try blobs("bytes", "birlik_segment WHERE id>\(segment) ORDER BY id").map { try Segment(bytes: $0) }
      .filter { $0.header.origin.node == identity.node }
      .flatMap { try $0.blocks().flatMap(\.changes) }
  }

  /// The number of the last segment of the log.
  func lastSegment() throws -> Int64 { Int64(try value("coalesce(max(id), 0)", "birlik_segment") ?? "") ?? 0 }

  /// What sealing now adds.
  func sealed() throws -> [Change] {
    let before = try lastSegment()
    try seal()
    return try changes(after: before)
  }
}
