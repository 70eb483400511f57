import Foundation

/// The folders of this repository that tests read.
public enum Repository {
  /// The folder of the package.
  public static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The settings and catalogs that are shipped.
  public static let config = folder.appendingPathComponent("Config")

  /// The catalog that is shipped.
  public static let catalog = config.appendingPathComponent("catalog")
}
