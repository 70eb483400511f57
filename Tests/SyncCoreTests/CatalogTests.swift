import SyncCore
import Testing

/// Finding kinds, fields and registers.
@Suite struct CatalogTests {
  private let kind = Kind(
    id: 7, name: "return", recordClass: .federation, key: [KeyColumn(name: "unit", type: .ref(kind: "unit"))],
    fields: [
      Field(id: 9, name: "note", type: .text),
      Field(id: 2, name: "men", type: .integer(minimum: 0, maximum: nil), group: 5),
      Field(id: 3, name: "women", type: .integer(minimum: 0, maximum: nil), group: 5),
      Field(id: 4, name: "phone", type: .text, isLocal: true), Field(id: 6, name: "tags", type: .set, rule: .union),
      Field(id: 8, name: "secret", type: .text, group: 5, isLocal: true),
    ],
    groups: [FieldGroup(id: 5, name: "members", rule: .owner)])

  @Test("Registers are groups and lone shared fields in order; local fields belong to none")
  func registers() {
    let registers = kind.registers
    #expect(registers.map(\.id) == [5, 6, 9] && registers.map(\.name) == ["members", "tags", "note"])
    #expect(registers[0].fields.map(\.id) == [2, 3] && registers[0].rule == .owner && !registers[0].isSet)
    #expect(registers[1].isSet && registers[1].rule == .union && !registers[2].isSet)
  }

  @Test("Kinds and fields are found by id and by name, bytewise")
  func lookups() {
    let ids: [KindID] = [1, 2, 5, 7, 40, 65_535]
    let kinds = ids.reversed().map { id in
      var other = kind
      other.id = id
      other.name = "kind\(id)"
      return other
    }
    let catalog = Catalog(version: 1, title: "", kinds: kinds, indicators: [])
    #expect(catalog.kinds.map(\.id) == ids)
    for id in ids { #expect(catalog.kind(id)?.id == id && catalog.kind(named: "kind\(id)")?.id == id) }
    for id in [Int.min, 0, 3, 6, 41, 65_536, .max] { #expect(catalog.kind(KindID(id)) == nil) }
    #expect(
      catalog.kind(named: "Kind1") == nil && Catalog(version: 1, title: "", kinds: [], indicators: []).kind(1) == nil)
    #expect(kind.field(9)?.name == "note" && kind.field(named: "men")?.id == 2 && kind.field(1) == nil)
    #expect(!"\u{e9}".sameBytes(as: "e\u{301}") && "é".sameBytes(as: "é"))
  }
}
