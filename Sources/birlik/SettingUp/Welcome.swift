import Store
import SyncCore

/// What `init` and `join` answer about a new node.
enum Welcome {
  static func json(_ status: StoreStatus, path: String) -> JSON {
    [
      "database": .string(path), "node": .string(status.node), "role": .string(status.roleName),
      "federation": .string(status.role.federation), "name": .string(status.name),
      "catalog": .number(status.catalogVersion), "upstream": .string(status.upstream),
    ]
  }
}
