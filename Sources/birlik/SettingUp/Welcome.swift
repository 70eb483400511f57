import Store
import SyncCore

/// What `init` and `join` answer about a new node.
enum Welcome {
  /// Says to whom the files belong that root made, or that the owner of the folder cannot use the key.
  static func noteHeir(of path: String) {
    if let owner = FileOwner.stranger(of: path) {
      return StandardError.printNote(
        "the folder belongs to \(owner), who may not read the key: for a service that runs as \(owner), run this command as "
          + "\(owner) or as root")
    }
    guard let heir = FileOwner.heir(of: path) else { return }
    StandardError.printNote("the database, its key and the files beside them belong to \(heir), as their folder does")
  }

  /// - Parameter source: where `init` took the catalog from.
  static func json(_ status: StoreStatus, path: String, catalogFrom source: String? = nil) -> JSON {
    var members: [(name: String, value: JSON)] = [
      ("database", .string(path)), ("node", .string(status.node)), ("role", .string(status.roleName)),
      ("federation", .string(status.role.federation)), ("name", .string(status.name)),
      ("catalog", .number(status.catalogVersion)), ("upstream", .string(status.upstream)),
    ]
    if let source { members.append(("catalog_from", .string(source))) }
    return .object(members)
  }
}
