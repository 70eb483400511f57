import Foundation
import ShippedFiles
import SyncCore

/// Reads and checks a catalog: a folder of TOML files.
///
/// `catalog.toml` holds the version and the title, `codes.toml` the shared code lists, `indicators.toml` the consolidated
/// figures, `derivations.toml` the derivations; every other `*.toml` holds kinds, one top-level table each.
///
/// ```swift
/// let catalog = try CatalogFolder.load("Config/catalog")
/// CatalogFolder.check("Config/catalog", against: catalog)   // [] : nothing changed
/// ```
public enum CatalogFolder {
  /// The catalog in the folder.
  ///
  /// - Throws: `CatalogError` with everything that is wrong.
  public static func load(_ folder: String) throws(CatalogError) -> Catalog {
    let findings = FindingList()
    let files = CatalogText.files(in: folder, findings: findings)
    return try load(files, folder: folder, findings: findings)
  }

  /// The catalog in the folder.
  ///
  /// - Throws: `CatalogError` with everything that is wrong.
  public static func load(_ folder: URL) throws(CatalogError) -> Catalog { try load(folder.path) }

  /// The catalog that the program contains.
  ///
  /// - Throws: `CatalogError` if its files are wrong, which a test rules out.
  public static func shipped() throws(CatalogError) -> Catalog {
    try load(files: ShippedFiles.catalog.map { CatalogText(name: $0.name, bytes: $0.bytes) })
  }

  /// Writes the files of the catalog that the program contains into a new folder, to read or to adapt them.
  ///
  /// - Returns: the names of the files.
  /// - Throws: what Foundation throws where the folder is there already or cannot be written.
  public static func writeShipped(to folder: String) throws -> [String] {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    for file in ShippedFiles.catalog {
      try Data(file.bytes).write(to: URL(fileURLWithPath: CatalogText.path(folder, file.name)))
    }
    return ShippedFiles.catalog.map(\.name)
  }

  /// The catalog in files that were read already.
  ///
  /// - Throws: `CatalogError` with everything that is wrong; the findings name the files without a folder.
  static func load(files: [CatalogText]) throws(CatalogError) -> Catalog {
    try load(files, folder: "", findings: FindingList())
  }

  /// Everything that is wrong in the folder, by file and line; empty when nothing is.
  public static func check(_ folder: String) -> [CatalogFinding] {
    let findings = FindingList()
    _ = draft(folder, findings: findings)
    return findings.sorted
  }

  /// Everything that is wrong in the folder, or else every change from the published catalog that is not allowed.
  public static func check(_ folder: String, against published: Catalog) -> [CatalogFinding] {
    let findings = FindingList()
    let draft = draft(folder, findings: findings)
    // In a catalog that was read in part, everything that could not be read would count as removed.
    if findings.all.isEmpty { Evolution(draft: draft, published: published, findings: findings).check() }
    return findings.sorted
  }

  /// Warnings by file and line: deprecated columns, and indicators that are counted from them. Empty when there are
  /// findings.
  public static func warnings(_ folder: String) -> [CatalogFinding] {
    let wrong = FindingList()
    let draft = draft(folder, findings: wrong)
    guard wrong.all.isEmpty else { return [] }
    let findings = FindingList()
    Deprecation(draft: draft, findings: findings).warn()
    return findings.sorted
  }

  // MARK: - Shared

  private static func draft(_ folder: String, findings: FindingList) -> CatalogDraft {
    let files = CatalogText.files(in: folder, findings: findings)
    return CatalogReader(folder: folder, files: files, findings: findings).draft()
  }

  private static func load(
    _ files: [CatalogText], folder: String, findings: FindingList
  ) throws(CatalogError) -> Catalog {
    guard findings.all.isEmpty else { throw error(findings, folder: folder) }
    let draft = CatalogReader(folder: folder, files: files, findings: findings).draft()
    guard findings.all.isEmpty else { throw error(findings, folder: folder) }
    return draft.catalog
  }

  private static func error(_ findings: FindingList, folder: String) -> CatalogError {
    CatalogError(
      code: findings.isUnreadable ? .unreadable : .invalid,
      operation: folder.isEmpty ? "Reading the catalog" : "Reading the catalog in \(folder)",
      findings: findings.sorted,
      hint: findings.isUnreadable
        ? "Check the folder's name and its permissions." : "Correct the files, then run `birlik catalog check`.")
  }
}
