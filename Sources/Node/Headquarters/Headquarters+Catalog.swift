import Logging
import Server
import Store
import SyncCore
import Wire

extension Headquarters {
  /// Adopts a later catalog of this headquarters that a member brings back: this database was restored from a backup.
  func restoreCatalog(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer {
    do {
      let catalog = try PublishedCatalog(bytes: body, signedBy: store.identity.headquarters)
      let version = catalog.catalog.version
      let notice =
        "This database was restored from a backup of before catalog \(version) was published: a member brought the catalog "
        + "back, and it is in force again. The next one that you publish has to have a later version."
      let isNew = try await offload { try store.adopt(catalog, notice: notice) }
      if isNew {
        logger.warning(
          "a member brought back a later catalog, which this database had lost",
          metadata: ["node": "\(node.hex)", "version": "\(version)"])
      }
      return ServiceAnswer(body: [])
    } catch let error as StoreError where error.code == .notPermitted {
      logger.warning("a catalog that a member brought back cannot be taken", metadata: ["reason": "\(error)"])
      return .error(status: 409, code: "catalog", message: error.detail, hint: error.hint)
    } catch {
      return answer(to: error)
    }
  }
}
