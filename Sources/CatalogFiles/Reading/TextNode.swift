import Limits
import SyncCore
import TOMLKit

/// One value of a TOML text with its line.
package struct TextNode {
  package enum Content {
    case text(String)
    case integer(Int64)
    case boolean(Bool)
    case array([TextNode])
    case table([TextEntry])
    /// A type that no catalog uses, such as a number with a fraction; its name.
    case other(String)
  }

  package var place: Place
  package var content: Content

  /// The type of the value, for a finding.
  var typeName: String {
    switch content {
    case .text: "a text"
    case .integer: "a whole number"
    case .boolean: "true or false"
    case .array: "a list"
    case .table: "a table"
    case .other(let name): name
    }
  }
}

/// One key of a table with its value.
package struct TextEntry {
  var key: String
  /// The place of the key.
  var place: Place
  var node: TextNode
}

extension TextNode {
  /// The tree of a file's text; nil and a finding when it is not TOML.
  static func parse(_ bytes: [UInt8], file: String, findings: FindingList) -> TextNode? {
    guard let text = checkedText(bytes, file: file, findings: findings) else { return nil }
    let positions = TextPositions(bytes)
    if let fault = positions.fault {
      findings.add(Place(file: file, line: fault.line), fault.message, hint: fault.hint)
      return nil
    }
    do {
      return Reader(file: file, positions: positions).table(try TOMLTable(string: text), at: [], line: 1)
    } catch let error as TOMLParseError {
      // TOMLKit finds the rest: names that occur twice, numbers out of range, days that do not exist.
      findings.add(
        Place(file: file, line: max(1, error.source.begin.line)), "The file is not valid TOML: \(error.description).",
        hint: "Look at column \(error.source.begin.column); a name may occur only once in a table.")
    } catch {
      findings.add(Place(file: file, line: 1), "The file is not valid TOML.", hint: "Correct it and try again.")
    }
    return nil
  }

  /// The bytes as text, unless they hold something that the C interface below TOMLKit cannot handle.
  private static func checkedText(_ bytes: [UInt8], file: String, findings: FindingList) -> String? {
    var line = 1
    var lineStart = 0
    for (offset, byte) in bytes.enumerated() {
      if byte == 0 {
        findings.add(
          Place(file: file, line: line), "The file holds a zero byte, so it is not a text file.",
          hint: "Save it as plain UTF-8 text.")
        return nil
      }
      if offset - lineStart > CatalogFileLimits.lineBytes {
        findings.add(
          Place(file: file, line: line), "The line is longer than \(CatalogFileLimits.lineBytes) bytes.",
          hint: "Break the list over several lines.")
        return nil
      }
      if byte == 0x0A {
        line += 1
        lineStart = offset + 1
      }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      findings.add(
        Place(file: file, line: firstInvalidLine(bytes)), "The file is not UTF-8 text.",
        hint: "Save it in the encoding UTF-8.")
      return nil
    }
    if let line = lineOfEscapedZero(bytes) {
      findings.add(
        Place(file: file, line: line), "A text holds an escaped zero character.",
        hint: "Remove it; SQLite would cut the text there.")
      return nil
    }
    return text
  }

  private static func firstInvalidLine(_ bytes: [UInt8]) -> Int {
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    return (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0) + 1
  }

  private static func lineOfEscapedZero(_ bytes: [UInt8]) -> Int? {
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    let index = lines.firstIndex { line in
      line.indices.contains { start in
        line[start] == 0x5C
          && (line[start...].starts(with: #"\u0000"#.utf8) || line[start...].starts(with: #"\U00000000"#.utf8))
      }
    }
    return index.map { $0 + 1 }
  }
}

/// Turns TOMLKit's tables into nodes. Its iterators trap on unusual keys, so keys are looked up one by one.
private struct Reader {
  let file: String
  let positions: TextPositions

  func table(_ table: TOMLTable, at path: [TextPositions.Step], line: Int) -> TextNode {
    let entries = table.keys.compactMap { key -> TextEntry? in
      guard let value = table[key] else { return nil }
      let inner = path + [.key(Array(key.utf8))]
      let at = positions.line(of: inner) ?? line
      return TextEntry(key: key, place: Place(file: file, line: at), node: node(value, at: inner, line: at))
    }
    // TOMLKit sorts by name; people expect findings in the order of the file.
    let ordered = entries.enumerated().sorted {
      ($0.element.place.line, $0.offset) < ($1.element.place.line, $1.offset)
    }
    return TextNode(place: Place(file: file, line: line), content: .table(ordered.map(\.element)))
  }

  private func node(_ value: any TOMLValueConvertible, at path: [TextPositions.Step], line: Int) -> TextNode {
    let place = Place(file: file, line: line)
    if let text = value.string { return TextNode(place: place, content: .text(text)) }
    if let number = value.int { return TextNode(place: place, content: .integer(Int64(number))) }
    if let truth = value.bool { return TextNode(place: place, content: .boolean(truth)) }
    if let inner = value.table { return table(inner, at: path, line: line) }
    if let array = value.array {
      let elements = array.indices.map { index -> TextNode in
        let inner = path + [.index(index)]
        return node(array[index], at: inner, line: positions.line(of: inner) ?? line)
      }
      return TextNode(place: place, content: .array(elements))
    }
    let type = value.type
    let name = type == .double ? "a number with a fraction" : "a date or time"
    return TextNode(place: place, content: .other(name))
  }
}
