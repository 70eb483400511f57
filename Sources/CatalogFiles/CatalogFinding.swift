import Limits
import SyncCore

/// One error in a catalog's files, its place, and what to do about it.
///
/// ```swift
/// for finding in CatalogFolder.check("Config/catalog") { print(finding) }
/// // Config/catalog/figures.toml:12: The column `value` has the unknown type `number`. Use one of: text, integer, …
/// ```
public struct CatalogFinding: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file, as the folder was given followed by the file's name.
  public var file: String
  /// The line in the file, from 1.
  public var line: Int
  /// What is wrong: one plain sentence.
  public var message: String
  /// What the administrator can do: one plain sentence.
  public var hint: String

  /// A finding in a line of a file.
  public init(file: String, line: Int, message: String, hint: String) {
    self.file = file
    self.line = line
    self.message = message
    self.hint = hint
  }

  /// `file:line: message hint`, the form that editors jump to.
  public var description: String { "\(file):\(line): \(message) \(hint)" }
}

/// Why files were not accepted: all findings together, so that one round of corrections is enough.
public struct CatalogError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Whether the files could be read.
  public enum Code: String, Sendable {
    /// A folder or a file could not be read at all.
    case unreadable
    /// The files were read, and break a rule of catalogs or settings.
    case invalid
  }

  public var code: Code
  /// What was being done, such as `reading the catalog in Config/catalog`.
  public var operation: String
  /// Every finding, by file and line. Never empty.
  public var findings: [CatalogFinding]
  /// What the operator can do next.
  public var hint: String

  /// An error with at least one finding.
  public init(code: Code, operation: String, findings: [CatalogFinding], hint: String) {
    self.code = code
    self.operation = operation
    self.findings = findings
    self.hint = hint
  }

  public var description: String {
    ([operation + " failed."] + findings.map(\.description) + [hint]).joined(separator: "\n")
  }
}

/// A line of a file.
package struct Place: Equatable, Sendable {
  var file: String
  var line: Int
}

/// Collects findings while files are read, so that reading continues after the first one.
package final class FindingList {
  private(set) var all: [CatalogFinding] = []

  /// True when a file or folder could not be read, as opposed to holding something wrong.
  private(set) var isUnreadable = false

  package func add(_ place: Place, _ message: String, hint: String) {
    // Messages hold names from the files, whose control characters must not reach a terminal.
    let finding = CatalogFinding(
      file: place.file, line: place.line, message: Self.printable(message), hint: Self.printable(hint))
    if all.count < CatalogFileLimits.findings, !all.contains(finding) { all.append(finding) }
  }

  func addUnreadable(_ file: String, _ message: String, hint: String) {
    isUnreadable = true
    add(Place(file: file, line: 1), message, hint: hint)
  }

  private static func printable(_ text: String) -> String {
    let isControl: (Unicode.Scalar) -> Bool = { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
  }

  /// All findings by file and line; those of one line in the order in which they were found.
  var sorted: [CatalogFinding] {
    all.enumerated().sorted { a, b in
      if !a.element.file.sameBytes(as: b.element.file) {
        return a.element.file.utf8.lexicographicallyPrecedes(b.element.file.utf8)
      }
      return (a.element.line, a.offset) < (b.element.line, b.offset)
    }.map(\.element)
  }
}
