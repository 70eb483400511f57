import CSQLiteShim
import GRDB
import GRDBSQLite
import SyncCore

/// A compiled statement with C binds.
final class Prepared {
  private let statement: Statement
  private let handle: SQLiteStatement
  private let connection: SQLiteConnection?

  /// SQLite copies what is bound this way.
  private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

  init(_ statement: Statement, connection: SQLiteConnection?) {
    self.statement = statement
    handle = statement.sqliteStatement
    self.connection = connection
  }

  func bind(_ index: Int, _ number: Int64) { sqlite3_bind_int64(handle, Int32(index), number) }

  func bind(_ index: Int, _ number: Int) { sqlite3_bind_int64(handle, Int32(index), Int64(number)) }

  func bind(_ index: Int, _ number: some NamingNumber) { bind(index, number.number) }

  func bindNull(_ index: Int) { sqlite3_bind_null(handle, Int32(index)) }

  func bind(_ index: Int, text bytes: some Collection<UInt8>) {
    let done: Void? = bytes.withContiguousStorageIfAvailable { buffer in
      // An empty buffer may have no address, which SQLite would take for NULL.
      if let base = buffer.baseAddress, !buffer.isEmpty {
        base.withMemoryRebound(to: CChar.self, capacity: buffer.count) {
          _ = sqlite3_bind_text(handle, Int32(index), $0, Int32(buffer.count), Self.transient)
        }
      } else {
        sqlite3_bind_text(handle, Int32(index), "", 0, Self.transient)
      }
    }
    if done == nil { bind(index, text: Array(bytes)) }
  }

  func bind(_ index: Int, text: String) { bind(index, text: Array(text.utf8)) }

  func bind(_ index: Int, blob bytes: some Collection<UInt8>) {
    let done: Void? = bytes.withContiguousStorageIfAvailable { buffer in
      if let base = buffer.baseAddress, !buffer.isEmpty {
        sqlite3_bind_blob(handle, Int32(index), base, Int32(buffer.count), Self.transient)
      } else {
        sqlite3_bind_zeroblob(handle, Int32(index), 0)
      }
    }
    if done == nil { bind(index, blob: Array(bytes)) }
  }

  func bind(_ index: Int, _ value: Value) {
    switch value {
    case .null: bindNull(index)
    case .integer(let number): bind(index, number)
    case .text(let bytes): bind(index, text: bytes)
    }
  }

  /// Goes to the next row.
  ///
  /// - Returns: false when there is none; the statement is then ready for the next use.
  /// - Throws: `StoreError`; the statement is then ready for the next use as well.
  @discardableResult
  func step() throws(StoreError) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW:
      return true
    case SQLITE_DONE:
      sqlite3_reset(handle)
      return false
    default:
      let code = sqlite3_extended_errcode(connection)
      let message = String(cString: sqlite3_errmsg(connection))
      sqlite3_reset(handle)
      throw StoreError(sqlite: code, message: message, "writing to the database", on: connection)
    }
  }

  /// Steps a statement that inserts.
  ///
  /// - Returns: false when a constraint stood against it.
  func stepUnlessConstrained() throws(StoreError) -> Bool {
    do {
      try step()
      return true
    } catch {
      guard error.code == .invalid else { throw error }
      return false
    }
  }

  /// Leaves the rows that were not read.
  func reset() { sqlite3_reset(handle) }

  func int64(_ column: Int) -> Int64 { sqlite3_column_int64(handle, Int32(column)) }

  func int(_ column: Int) -> Int { Int(sqlite3_column_int64(handle, Int32(column))) }

  /// A number that names something, such as a stream.
  func id<ID: NamingNumber>(_ column: Int) -> ID { ID(int(column)) }

  func isNull(_ column: Int) -> Bool { sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL }

  func isBlob(_ column: Int) -> Bool { sqlite3_column_type(handle, Int32(column)) == SQLITE_BLOB }

  func bytes(_ column: Int) -> [UInt8] { withBytes(column) { Array($0) } }

  func string(_ column: Int) -> String { withBytes(column) { String(decoding: $0, as: UTF8.self) } }

  /// The bytes of a text or blob, valid within `body` only.
  func withBytes<Result>(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    let isBlob = sqlite3_column_type(handle, Int32(column)) == SQLITE_BLOB
    let start =
      isBlob
      ? sqlite3_column_blob(handle, Int32(column))?.assumingMemoryBound(to: UInt8.self)
      : sqlite3_column_text(handle, Int32(column))
    let count = Int(sqlite3_column_bytes(handle, Int32(column)))
    return body(UnsafeBufferPointer(start: start, count: start == nil ? 0 : count))
  }

  /// What a clerk's cell holds. A number with a fraction or a blob, which only a tool that ignores checks can store, is
  /// taken as text.
  func value(_ column: Int) -> Value {
    switch sqlite3_column_type(handle, Int32(column)) {
    case SQLITE_NULL: .null
    case SQLITE_INTEGER: .integer(int64(column))
    default: .text(bytes(column))
    }
  }
}

/// A statement of the hot path, found again without hashing its text. For one connection.
final class LazyStatement {
  private let sql: String
  private var known: Prepared?
  private var epoch = -1

  init(_ sql: String) { self.sql = sql }

  func get(_ connection: Connection) throws -> Prepared {
    if let known, epoch == connection.epoch { return known }
    let prepared = try connection.prepared(sql)
    known = prepared
    epoch = connection.epoch
    return prepared
  }

  /// Lets the statement go, without which its connection cannot close.
  func release() { known = nil }
}
