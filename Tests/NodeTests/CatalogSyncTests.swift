import Store
import SyncCore
import Testing
import Wire

@testable import Node

@Suite(.timeLimit(.minutes(5))) struct CatalogSyncTests {
  /// Found by the simulator, seed 204: the adoption sealed the edit, nothing was left to seal, and the sync ended.
  @Test("A sync that brings a later catalog sends what was typed before it, and only then reports both in sync")
  func sendsWhatAdoptionSealed() async throws {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    try await house.serve {
      _ = try await uz.sync()
      var catalog = try house.headquarters.store.catalog()
      catalog.version += 1
      let later = try PublishedCatalog.sign(catalog, by: house.headquarters.store.identity.key)
      try house.headquarters.store.adopt(later)
      try uz.name("ftuu-1", "Tashkent")
      let report = try await uz.sync()
      #expect(report.outcome == .even && report.sent.changes == 1)
      #expect(try uz.store.catalog().version == catalog.version)
      #expect(try house.headquarters.name(of: "ftuu-1") == "Tashkent")
    }
  }
}
