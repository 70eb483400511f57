import SyncCore

/// Reports `unique` anywhere in the files, because people expect it and it is not possible.
enum UniqueSearch {
  static let key = "unique"

  static func report(in node: TextNode, findings: FindingList) {
    switch node.content {
    case .table(let entries):
      for entry in entries {
        if entry.key.sameBytes(as: key) {
          findings.add(
            entry.place,
            "`unique` is refused: two offices can each insert a row offline with the same value, and one of the two "
              + "would be lost when they meet.",
            hint: "Make the columns the key, or keep both rows and find doubles with a query; a `same_as` column can "
              + "join them.")
        }
        report(in: entry.node, findings: findings)
      }
    case .array(let elements):
      for element in elements { report(in: element, findings: findings) }
    case .text, .integer, .boolean, .other: break
    }
  }
}
