import Limits
import SyncCore

/// The settings in a file such as `Config/birlik.federation.toml`. A setting that is left out is nil.
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
  /// Whether headquarters' server uses TLS itself.
  public var tls: Bool?
  /// A file in PEM with its certificate, in place of the one that `birlik init` made.
  public var tlsCertificate: String?
  /// A file in PEM with its private key.
  public var tlsKey: String?
  /// Seconds between two scheduled syncs, from 1 to 604,800 (a week).
  public var interval: Int?
  /// One of `Settings.logLevels`.
  public var logLevel: String?
  /// How much of the log a federation's node keeps.
  public var keepLog: KeepLog?
  /// The number below which derivations withhold figures here, unless the catalog's is higher.
  public var withholdBelow: Int?

  /// The values of `log_level`.
  public static let logLevels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]
  private static let keys = [
    "database", "listen", "public_url", "tls", "tls_certificate", "tls_key", "interval", "log_level", "keep_log",
    "withhold_below",
  ]

  public init(
    database: String? = nil, listen: String? = nil, publicURL: String? = nil, tls: Bool? = nil,
    tlsCertificate: String? = nil, tlsKey: String? = nil, interval: Int? = nil, logLevel: String? = nil,
    keepLog: KeepLog? = nil, withholdBelow: Int? = nil
  ) {
    self.database = database
    self.listen = listen
    self.publicURL = publicURL
    self.tls = tls
    self.tlsCertificate = tlsCertificate
    self.tlsKey = tlsKey
    self.interval = interval
    self.logLevel = logLevel
    self.keepLog = keepLog
    self.withholdBelow = withholdBelow
  }

  /// The settings in the file.
  ///
  /// - Throws: `CatalogError` with everything that is wrong, by line.
  public static func load(_ path: String) throws(CatalogError) -> Settings {
    let findings = FindingList()
    let settings = read(path, findings: findings)
    guard let settings, findings.all.isEmpty else {
      throw CatalogError(
        code: findings.isUnreadable ? .unreadable : .invalid, operation: "Reading the settings in \(path)",
        findings: findings.sorted, hint: "Correct the file, or name another one.")
    }
    return settings
  }

  private static func read(_ path: String, findings: FindingList) -> Settings? {
    guard let bytes = CatalogText.bytes(ofFile: path, findings: findings),
      let node = TextNode.parse(bytes, file: path, findings: findings),
      let table = TableReader(node, subject: "the settings", findings: findings)
    else { return nil }
    table.refuseOthers(than: keys)
    let level = table.text("log_level")
    if let level, !logLevels.contains(where: { $0.sameBytes(as: level) }) {
      findings.add(
        table.place(of: "log_level"), "The log level `\(level)` is unknown.",
        hint: "Use one of: \(logLevels.joined(separator: ", ")).")
    }
    for key in ["database", "listen", "public_url", "tls_certificate", "tls_key"] where table.text(key)?.isEmpty == true
    {
      findings.add(table.place(of: key), "The setting `\(key)` is empty.", hint: "Give it a value, or remove the line.")
    }
    return Settings(
      database: table.text("database"), listen: table.text("listen"), publicURL: table.text("public_url"),
      tls: table.boolean("tls"), tlsCertificate: table.text("tls_certificate"), tlsKey: table.text("tls_key"),
      interval: table.node("interval") == nil
        ? nil : table.requiredInteger("interval", in: 1...Int64(InputLimits.syncIntervalSeconds)),
      logLevel: level, keepLog: KeepLog(table),
      withholdBelow: table.node("withhold_below") == nil
        ? nil
        : table.requiredInteger("withhold_below", in: Derivation.smallestThreshold...Derivation.largestThreshold))
  }
}
