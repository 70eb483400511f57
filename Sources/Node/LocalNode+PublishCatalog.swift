import CatalogFiles
import Store
import SyncCore
import Wire

extension LocalNode {
  /// Checks, signs and adopts a catalog at headquarters. The other nodes follow at their next exchange.
  ///
  /// - Parameter isDryRun: true to report what would change and change nothing.
  /// - Throws: `NodeError` with code `denied` at another node.
  public func publishCatalog(_ folder: String, isDryRun: Bool) throws -> PublicationReport {
    guard store.identity.role.isHeadquarters else {
      throw NodeError(
        .denied, "publishing a catalog", "only headquarters publishes",
        hint: "the catalog comes with the next `birlik sync` after headquarters published it")
    }
    let current = try store.catalog()
    var report = PublicationReport(from: current.version, to: current.version)
    report.findings = CatalogFolder.check(folder, against: current)
    guard report.findings.isEmpty else { return report }
    let later = try CatalogFolder.load(folder)
    report.warnings = CatalogFolder.warnings(folder)
    report.changes = CatalogChange.list(from: current, to: later)
    report.to = later.version
    guard !isDryRun, later.version > current.version else { return report }
    try store.adopt(try PublishedCatalog.sign(later, by: store.identity.key))
    report.isPublished = true
    return report
  }
}
