import CatalogFiles
import Foundation
import Testing

struct SettingsTests {
  @Test func theExamplesAreRead() throws {
    let hub = try Settings.load(ShippedConfig.folder.appendingPathComponent("birlik.headquarters.toml").path)
    #expect(hub.listen == "127.0.0.1:8650" && hub.publicURL == "https://birlik.example.org" && hub.interval == nil)
    #expect(hub.database == "/var/lib/birlik/headquarters.db" && hub.logLevel == "info")
    let member = try Settings.load(ShippedConfig.folder.appendingPathComponent("birlik.federation.toml").path)
    #expect(member.interval == 300 && member.listen == nil && member.logLevel == "info")
  }

  @Test func faultsAreNamedWithTheirLines() throws {
    let text = "database = \"\"\ninterval = \"300\"\nlog_level = \"loud\"\nport = 1\nlisten = 8650\n"
    let folder = try TestFolder(["a.toml": text, "b.toml": "interval = 0", "c.toml": "interval ="])
    let error = #expect(throws: CatalogError.self) { try Settings.load(folder.file("a.toml")) }
    #expect(error?.findings.map(\.line) == [1, 2, 3, 4, 5])
    #expect(error?.code == .invalid)
    #expect(throws: CatalogError.self) { try Settings.load(folder.file("b.toml")) }
    #expect(throws: CatalogError.self) { try Settings.load(folder.file("c.toml")) }
  }

  @Test func aMissingFileIsUnreadable() {
    let error = #expect(throws: CatalogError.self) { try Settings.load("/nowhere/at/all.toml") }
    #expect(error?.code == .unreadable)
    #expect(error?.description.contains("/nowhere/at/all.toml:1: The file cannot be read.") == true)
  }
}
