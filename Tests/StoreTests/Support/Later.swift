import SyncCore
import Wire

extension House {
  /// The shipped catalog with a field, a set, a code and a kind more.
  static let later = Result {
    var catalog = try shipped.get().catalog
    catalog.version += 1
    for index in catalog.kinds.indices where catalog.kinds[index].name == "org_unit" {
      var fields = catalog.kinds[index].fields
      fields.append(Field(id: 20, name: "phone", type: .text))
      fields.append(Field(id: 21, name: "languages", type: .set, rule: .union))
      fields.append(Field(id: 22, name: "seats", type: .integer(minimum: 0, maximum: nil), rule: .max))
      for place in fields.indices where fields[place].name == "membership_status" {
        fields[place].type = .code(["member", "observer", "none", "partner"])
      }
      catalog.kinds[index].fields = fields
    }
    catalog.kinds.append(
      Kind(
        id: 50, name: "facility", title: "Facilities", recordClass: .everyone,
        key: [KeyColumn(name: "id", type: .text)],
        fields: [
          Field(id: 1, name: "name", type: .text), Field(id: 2, name: "beds", type: .integer(minimum: 0, maximum: nil)),
        ]))
    return try sign(catalog)
  }
}
