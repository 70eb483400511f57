import SyncCore

/// Reads the keys of one table and reports what is missing, of the wrong type, or unknown.
package struct TableReader {
  let entries: [TextEntry]
  /// Where the table begins.
  let place: Place
  /// The table in words, such as ``the kind `figure` ``.
  package let subject: String
  package let findings: FindingList

  /// The reader of a node; nil and a finding when the node is no table.
  init?(_ node: TextNode, subject: String, findings: FindingList) {
    guard case .table(let entries) = node.content else {
      findings.add(
        node.place, "\(subject.capitalizedFirst) must be a table, but is \(node.typeName).",
        hint: "Write its settings between { and }, or below a line with its name in [ ].")
      return nil
    }
    self.entries = entries
    place = node.place
    self.subject = subject
    self.findings = findings
  }

  /// Reads a file that is one table, such as the settings.
  ///
  /// - Parameters:
  ///   - subject: the table in words, for findings.
  ///   - read: reads the table and adds what is wrong to its findings.
  /// - Throws: `CatalogError` with everything that is wrong, by line.
  package static func read<Value>(
    file path: String, subject: String, _ read: (TableReader) -> Value
  ) throws(CatalogError) -> Value {
    let findings = FindingList()
    let table = CatalogText.bytes(ofFile: path, findings: findings)
      .flatMap { TextNode.parse($0, file: path, findings: findings) }
      .flatMap { TableReader($0, subject: subject, findings: findings) }
    if let table {
      let value = read(table)
      if findings.all.isEmpty { return value }
    }
    throw CatalogError(
      code: findings.isUnreadable ? .unreadable : .invalid, operation: "Reading \(subject) in \(path)",
      findings: findings.sorted, hint: "Correct the file, or name another one.")
  }

  /// The value of a key, or nil when the key is absent.
  package func node(_ key: String) -> TextNode? { entries.first { $0.key.sameBytes(as: key) }?.node }

  /// The place of the key, or of the table where it is absent.
  package func place(of key: String) -> Place { entries.first { $0.key.sameBytes(as: key) }?.place ?? place }

  /// A text; nil when the key is absent or not a text.
  package func text(_ key: String) -> String? {
    guard let node = node(key) else { return nil }
    if case .text(let text) = node.content { return text }
    wrongType(key, node, wanted: "a text between quotes")
    return nil
  }

  func requiredText(_ key: String, example: String) -> String? {
    if node(key) == nil { missing(key, example: "\"\(example)\"") }
    return text(key)
  }

  func integer(_ key: String) -> Int64? {
    guard let node = node(key) else { return nil }
    if case .integer(let number) = node.content { return number }
    wrongType(key, node, wanted: "a whole number")
    return nil
  }

  /// A required whole number within bounds.
  package func requiredInteger(_ key: String, in range: ClosedRange<Int64>) -> Int? {
    guard node(key) != nil else {
      missing(key, example: String(range.lowerBound))
      return nil
    }
    guard let number = integer(key) else { return nil }
    guard range.contains(number) else {
      findings.add(
        place(of: key), "The \(key) of \(subject) is \(number), outside \(range.lowerBound) to \(range.upperBound).",
        hint: "Use a number from \(range.lowerBound) to \(range.upperBound).")
      return nil
    }
    return Int(exactly: number)
  }

  /// A truth value; nil when the key is absent or not one.
  package func boolean(_ key: String) -> Bool? {
    guard let node = node(key) else { return nil }
    if case .boolean(let truth) = node.content { return truth }
    wrongType(key, node, wanted: "true or false")
    return nil
  }

  /// A list of texts, each with its place; nil when the key is absent or not a list.
  func texts(_ key: String) -> [(text: String, place: Place)]? {
    guard let node = node(key) else { return nil }
    guard case .array(let elements) = node.content else {
      wrongType(key, node, wanted: "a list of texts")
      return nil
    }
    return elements.compactMap { element in
      if case .text(let text) = element.content { return (text, element.place) }
      wrongType(key, element, wanted: "a list of texts")
      return nil
    }
  }

  /// A list of whole numbers within bounds; empty when the key is absent.
  func integers(_ key: String, in range: ClosedRange<Int64>) -> [(number: Int, place: Place)] {
    guard let node = node(key) else { return [] }
    guard case .array(let elements) = node.content else {
      wrongType(key, node, wanted: "a list of whole numbers")
      return []
    }
    return elements.compactMap { element in
      guard case .integer(let number) = element.content else {
        wrongType(key, element, wanted: "a list of whole numbers")
        return nil
      }
      guard range.contains(number), let small = Int(exactly: number) else {
        findings.add(
          element.place,
          "`\(key)` of \(subject) lists \(number), outside \(range.lowerBound) to \(range.upperBound).",
          hint: "Use numbers from \(range.lowerBound) to \(range.upperBound).")
        return nil
      }
      return (small, element.place)
    }
  }

  /// One of the named choices; nil when the key is absent or names none of them.
  func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, of type: Choice.Type) -> Choice?
  where Choice.RawValue == String {
    guard let text = text(key) else { return nil }
    if let found = Choice.allCases.first(where: { $0.rawValue.sameBytes(as: text) }) { return found }
    findings.add(
      place(of: key), "\(subject.capitalizedFirst) has the unknown \(key) `\(text)`.",
      hint: "Use one of: \(Choice.allCases.map(\.rawValue).joined(separator: ", ")).")
    return nil
  }

  /// Reports every key that is not in `known`, except `unique`, which `UniqueSearch` explains.
  package func refuseOthers(than known: [String]) {
    for entry in entries where !entry.key.sameBytes(as: UniqueSearch.key) {
      guard !known.contains(where: { $0.sameBytes(as: entry.key) }) else { continue }
      findings.add(
        entry.place, "\(subject.capitalizedFirst) has the unknown setting `\(entry.key)`.",
        hint: "Use one of: \(known.joined(separator: ", ")).")
    }
  }

  func missing(_ key: String, example: String) {
    findings.add(
      place, "\(subject.capitalizedFirst) has no `\(key)`.", hint: "Add it, for example `\(key) = \(example)`.")
  }

  private func wrongType(_ key: String, _ node: TextNode, wanted: String) {
    findings.add(
      node.place, "`\(key)` of \(subject) must be \(wanted), but is \(node.typeName).",
      hint: "Write \(wanted) after `\(key) =`.")
  }
}

extension String {
  /// The text with its first letter large, for the beginning of a sentence. Only for our own English texts.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
