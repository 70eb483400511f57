import CatalogFiles
import Limits
import SyncCore

/// What a settings file such as `Config/birlik.federation.toml` says; nil for a setting that it leaves out.
///
/// ```swift
/// let settings = try Settings.load("Config/birlik.federation.toml")
/// settings.interval   // 300
/// ```
public struct Settings: Equatable, Sendable {
  /// The SQLite file.
  public var database: String?
  /// Where headquarters' server listens: `address:port`.
  public var listen: String?
  /// The address at which nodes reach headquarters.
  public var publicURL: String?
  /// Whether headquarters' server speaks TLS itself.
  public var tls: Bool?
  /// Its certificate and its private key, files in PEM, instead of those that `birlik init` made.
  public var tlsCertificate: String?
  public var tlsKey: String?
  /// Seconds between two scheduled syncs, from 1 to 604,800 (a week).
  public var interval: Int?
  /// One of `Settings.logLevels`.
  public var logLevel: String?
  /// How much of the log a federation's node keeps.
  public var keepLog: KeepLog?
  /// The number of people below which derivations withhold figures here; a higher number in the catalog overrides it.
  public var withholdBelow: Int?

  public static let logLevels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]
  private static let keys = [
    "database", "listen", "public_url", "tls", "tls_certificate", "tls_key", "interval", "log_level", "keep_log",
    "withhold_below",
  ]

  /// No settings at all.
  public init() {}

  /// The settings in the file.
  ///
  /// - Throws: `CatalogError` with everything that is wrong, by line.
  public static func load(_ path: String) throws(CatalogError) -> Settings {
    try TableReader.read(file: path, subject: "the settings") { Settings($0) }
  }

  private init(_ table: TableReader) {
    table.refuseOthers(than: Self.keys)
    for key in ["database", "listen", "public_url", "tls_certificate", "tls_key"] where table.text(key)?.isEmpty == true
    {
      table.findings.add(
        table.place(of: key), "The setting `\(key)` is empty.", hint: "Give it a value, or remove the line.")
    }
    database = table.text("database")
    listen = table.text("listen")
    publicURL = table.text("public_url")
    tls = table.boolean("tls")
    tlsCertificate = table.text("tls_certificate")
    tlsKey = table.text("tls_key")
    if table.node("interval") != nil {
      interval = table.requiredInteger("interval", in: 1...Int64(InputLimits.syncIntervalSeconds))
    }
    logLevel = table.text("log_level")
    if let logLevel, !Self.logLevels.contains(where: { $0.sameBytes(as: logLevel) }) {
      table.findings.add(
        table.place(of: "log_level"), "The log level `\(logLevel)` is unknown.",
        hint: "Use one of: \(Self.logLevels.joined(separator: ", ")).")
    }
    keepLog = KeepLog(table)
    if table.node("withhold_below") != nil {
      withholdBelow = table.requiredInteger(
        "withhold_below", in: Derivation.smallestThreshold...Derivation.largestThreshold)
    }
  }
}
