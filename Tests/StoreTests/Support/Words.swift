import SyncCore

@testable import Store

extension TestNode {
  /// What triggers captured, in words: `org_unit a: insert`, `org_unit a: name`, `org_unit a: delete`.
  func captured() throws -> [String] {
    let catalog = try store.catalog()
    return try rows(["kind", "mask", "k1", "k2", "k3", "k4"], "birlik_capture ORDER BY seq").map { row in
      guard let kind = catalog.kind(KindID(Int(row[0]) ?? 0)), let mask = Int64(row[1]) else { return "unknown" }
      let names = kind.registers.filter { mask & $0.id.bit != 0 }.map(\.name).joined(separator: " ")
      let what = mask == -1 ? "insert" : mask == 0 ? "delete" : names
      return "\(kind.name) \(row[2..<(2 + kind.key.count)].joined(separator: "/")): \(what)"
    }
  }

  /// Seals, and gives the changes in words: `insert org_unit a name=One`, `edit org_unit a name=Two activity+x`.
  func sealedWords() throws -> [String] {
    let catalog = try store.catalog()
    return try sealed().map { Self.words($0, catalog) }
  }

  static func words(_ change: Change, _ catalog: Catalog) -> String {
    let kind = catalog.kind(change.kind)
    var parts = [["delete", "insert", "edit"][Int(change.operation.rawValue)], kind?.name ?? "\(change.kind)"]
    parts.append(change.key.display)
    for register in change.registers {
      if let element = register.key.element {
        let name = kind?.field(FieldID(aloneIn: register.key.id))?.name ?? "\(register.key.id)"
        parts.append("\(name)\(register.content.isEmpty ? "-" : "+")\(String(decoding: element, as: UTF8.self))")
        continue
      }
      let fields = kind?.registers.first { $0.id == register.key.id }?.fields ?? []
      for field in fields {
        let value = register.content[field.id]
        // Of a whole row what is empty goes without saying.
        if change.operation == .insertion, value.isNull { continue }
        parts.append("\(field.name)=\(value.isNull ? "∅" : value.display)")
      }
      for cell in register.content.cells where !fields.contains(where: { $0.id == cell.field }) {
        parts.append("\(cell.field)=\(cell.value.display)")
      }
    }
    return parts.joined(separator: " ") + (change.isFlagged ? " !" : "")
  }
}
