import Crypto
import Store
import SyncCore

@testable import Wire

/// Catalogs that no honest headquarters publishes, under its true signature.
enum HostileCatalog {
  /// Signs whatever it is given.
  static func signed(_ catalog: Catalog, by key: Curve25519.Signing.PrivateKey) throws -> [UInt8] {
    var writer = ByteWriter()
    CatalogCodec.encode(catalog, into: &writer)
    writer.raw(Array(try key.signature(for: Array("birlik.catalog.v1\0".utf8) + writer.bytes)))
    return writer.bytes
  }

  /// What it is, and the catalog.
  static func all(after catalog: Catalog) -> [(name: String, catalog: Catalog)] {
    var found: [(String, Catalog)] = []
    func add(_ name: String, _ change: (inout Catalog) -> Void) {
      var altered = catalog
      altered.version += 1
      change(&altered)
      found.append((name, altered))
    }
    func place(_ name: String) -> Int { catalog.kinds.firstIndex { $0.name == name } ?? 0 }
    let unit = place("org_unit")
    let member = place("member")
    let fresh = Kind(
      id: 60_000, name: "fresh", recordClass: .everyone, key: [KeyColumn(name: "code", type: .text)],
      fields: [Field(id: 1, name: "name", type: .text)])
    let names = [
      "x\"; DROP TABLE member; --", "x(a); DROP TABLE member; --", "birlik_meta", "sqlite_master", "", "X", "a b", "ş",
      "select", "x\0y", String(repeating: "a", count: 200), "a'b", "1a",
    ]
    for name in names {
      add("kind named \(name.debugDescription)") { $0.kinds.append(with(fresh) { $0.name = name }) }
      add("key named \(name.debugDescription)") {
        if name != "select" {
          $0.kinds.append(with(fresh) { $0.key[0].name = name })
        } else {
          $0.kinds.append(fresh); $0.kinds.append(fresh)
        }
      }
      add("field named \(name.debugDescription)") {
        $0.kinds[unit].fields.append(Field(id: 60, name: name == "select" ? "code" : name, type: .text))
      }
    }
    for id in [0, 62, 63, 64, 65_535, 1] {
      add("field id \(id)") { $0.kinds[unit].fields.append(Field(id: FieldID(id), name: "extra", type: .text)) }
      add("group id \(id)") {
        $0.kinds[unit].groups.append(FieldGroup(id: RegisterID(id), name: "extra", rule: .latest))
      }
    }
    add("kind twice") { $0.kinds.append($0.kinds[unit]) }
    add("kind id twice") { $0.kinds.append(with(fresh) { $0.id = catalog.kinds[unit].id }) }
    add("kind id 0") { $0.kinds.append(with(fresh) { $0.id = 0 }) }
    add("no key") { $0.kinds.append(with(fresh) { $0.key = [] }) }
    add("no group") { $0.kinds[unit].fields.append(Field(id: 60, name: "extra", type: .text, group: 61)) }
    add("kind dropped") { $0.kinds.remove(at: unit) }
    add("column dropped") { $0.kinds[unit].fields.removeLast() }
    add("column retyped") { $0.kinds[unit].fields[0].type = .integer(minimum: nil, maximum: nil) }
    add("column renamed") { $0.kinds[unit].fields[0].name = "other" }
    add("key retyped") { $0.kinds[unit].key[0].name = "other" }
    add("kind renamed") { $0.kinds[unit].name = "other" }
    add("written once") { $0.kinds[unit].appendOnly.toggle() }
    // What never leaves the file.
    add("local kind shared with all") { $0.kinds[member].recordClass = .everyone }
    add("local kind shared with headquarters") { $0.kinds[member].recordClass = .federation }
    add("shared kind made local") { $0.kinds[unit].recordClass = .local }
    add("local kind replaced") {
      let gone = $0.kinds.remove(at: member)
      $0.retiredKinds.append(gone.id)
      $0.kinds.append(with(fresh) { $0.name = gone.name })
    }
    add("local column shared") { catalog in
      for kind in catalog.kinds.indices {
        for field in catalog.kinds[kind].fields.indices { catalog.kinds[kind].fields[field].isLocal = false }
      }
      catalog.kinds[member].recordClass = .everyone
    }
    return found
  }

  private static func with(_ kind: Kind, _ change: (inout Kind) -> Void) -> Kind {
    var altered = kind
    change(&altered)
    return altered
  }
}
