import CatalogFiles
import Store
import SyncCore
import Wire

/// What publishing a catalog did or would do.
public struct PublicationReport: Sendable {
  /// The versions before and after; equal where there was nothing to publish.
  public var from: Int
  public var to: Int
  public var changes: [CatalogChange] = []
  /// What is wrong in the files, or may not follow upon the catalog in use. When there is anything, nothing was done.
  public var findings: [CatalogFinding] = []
  /// What is not wrong but should be known.
  public var warnings: [CatalogFinding] = []
  public var isPublished = false
}

extension LocalNode {
  /// Checks, signs and adopts a catalog at headquarters. The other nodes follow at their next exchange.
  ///
  /// - Parameter isDryRun: true to tell what would change and change nothing.
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
