import CatalogFiles

/// What publishing a catalog did, or would do.
public struct PublicationReport: Sendable {
  /// The versions before and after; equal if there was nothing to publish.
  public var from: Int
  public var to: Int
  public var changes: [CatalogChange] = []
  /// What is wrong in the files, or not allowed after the catalog in use. If there is anything, nothing was published.
  public var findings: [CatalogFinding] = []
  /// What is allowed but worth knowing.
  public var warnings: [CatalogFinding] = []
  public var isPublished = false
}
