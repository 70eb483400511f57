import CatalogFiles
import Foundation
import Settings
import TestSupport
import Testing

struct SettingsTests {
  private func settingsFolder(_ files: [String: String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (name, text) in files { try folder.write(text, to: name) }
    return folder
  }

  @Test func theExamplesAreRead() throws {
    let hub = try Settings.load(Repository.config.appendingPathComponent("birlik.headquarters.toml").path)
    #expect(hub.listen == "0.0.0.0:8650" && hub.publicURL == "https://birlik.example.org:8650" && hub.interval == nil)
    #expect(hub.tls == nil && hub.tlsCertificate == nil && hub.tlsKey == nil)
    #expect(hub.database == "/var/lib/birlik/headquarters.db" && hub.logLevel == "info")
    let member = try Settings.load(Repository.config.appendingPathComponent("birlik.federation.toml").path)
    #expect(member.interval == 300 && member.listen == nil && member.logLevel == "info")
    #expect(member.keepLog == .all && hub.keepLog == nil)
  }

  @Test func tlsIsSetInThreeLines() throws {
    let text = "tls = false\ntls_certificate = \"a.pem\"\ntls_key = \"a.key\"\n"
    let folder = try settingsFolder(["a.toml": text, "b.toml": "tls = 1\ntls_certificate = \"\"\ntls_key = true\n"])
    let settings = try Settings.load(folder.file("a.toml"))
    #expect(settings.tls == false && settings.tlsCertificate == "a.pem" && settings.tlsKey == "a.key")
    let error = #expect(throws: CatalogError.self) { try Settings.load(folder.file("b.toml")) }
    #expect(error?.findings.map(\.line) == [1, 2, 3])
  }

  @Test func faultsAreNamedWithTheirLines() throws {
    let text = "database = \"\"\ninterval = \"300\"\nlog_level = \"loud\"\nport = 1\nlisten = 8650\n"
    let folder = try settingsFolder(["a.toml": text, "b.toml": "interval = 0", "c.toml": "interval ="])
    let error = #expect(throws: CatalogError.self) { try Settings.load(folder.file("a.toml")) }
    #expect(error?.findings.map(\.line) == [1, 2, 3, 4, 5])
    #expect(error?.code == .invalid)
    #expect(throws: CatalogError.self) { try Settings.load(folder.file("b.toml")) }
    #expect(throws: CatalogError.self) { try Settings.load(folder.file("c.toml")) }
  }

  @Test(
    "How much of the log is kept is all, or a number of days",
    arguments: [
      ("keep_log = \"all\"", KeepLog.all), ("keep_log = 1", .days(1)), ("keep_log = 36500", .days(36_500)),
    ])
  func keepLog(line: String, expected: KeepLog) throws {
    let folder = try settingsFolder(["a.toml": line])
    #expect(try Settings.load(folder.file("a.toml")).keepLog == expected)
  }

  @Test("Anything else is refused", arguments: ["\"some\"", "0", "-1", "36501", "true", "1.5", "[]", "\"7\""])
  func wrongKeepLog(value: String) throws {
    let folder = try settingsFolder(["a.toml": "keep_log = \(value)"])
    #expect(throws: CatalogError.self) { try Settings.load(folder.file("a.toml")) }
  }

  @Test func theCutoffIsSoManyDaysAgo() {
    #expect(KeepLog.all.cutoff(now: 864_000_000) == nil)
    let seventhDay: Int64 = 604_800_000
    #expect(KeepLog.days(3).cutoff(now: 864_000_000) == seventhDay)
  }

  @Test func aMissingFileIsUnreadable() {
    let error = #expect(throws: CatalogError.self) { try Settings.load("/nowhere/at/all.toml") }
    #expect(error?.code == .unreadable)
    #expect(error?.description.contains("/nowhere/at/all.toml:1: The file cannot be read.") == true)
  }
}
