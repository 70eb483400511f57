/// Why the store could not do something.
public struct StoreError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// Somebody else holds the file; try later.
    case busy
    /// The disk is full.
    case full
    /// There is no such file.
    case missing
    /// The file is not one of Birlik's, or of a newer version.
    case notOurs = "not_ours"
    /// The file is damaged.
    case damaged
    /// The file or its folder cannot be written.
    case notPermitted = "not_permitted"
    /// The key is not that of the node whose database it is.
    case wrongKey = "wrong_key"
    /// The node goes on under another key than the one with which the file was opened.
    case renewed
    /// Another file is in the place of the one that was opened.
    case replaced
    /// There is no such kind, field, record or indicator.
    case unknown
    /// A value or a key that cannot be taken.
    case invalid
    /// The file holds something that only a newer SQLite than this machine's can read.
    case newerSQLite = "newer_sqlite"
    /// Anything else that SQLite reports.
    case failed
  }

  public var code: Code
  /// What was being done, as in "opening the database".
  public var operation: String
  /// What is wrong, as a clause.
  public var detail: String
  /// What the operator can do next.
  public var hint: String
  /// Whether another program held the file: what was tried may be tried again.
  public internal(set) var isLock = false

  public init(_ code: Code, _ operation: String, _ detail: String, hint: String = "") {
    self.code = code
    self.operation = operation
    self.detail = detail
    self.hint = hint
  }

  /// Whether only a process that opens the file anew can go on.
  public var needsRestart: Bool { code == .renewed || code == .replaced }

  public var description: String { "\(operation): \(detail)" + (hint.isEmpty ? "" : " (\(hint))") }
}
